import { z } from 'zod';
import { isSupportedCountry, type CountryCode } from 'libphonenumber-js/max';
import type { Temporal } from 'temporal-polyfill';

import type { Database } from '../db/database.ts';
import { findImport, type RefusedRow } from '../db/refused-rows.ts';
import { withTenant, type TenantContext } from '../db/tenant.ts';
import { importClients, type ImportOptions, type ImportReport } from './import-clients.ts';
import { IMPORT_FIELDS, type Finding } from './import-clients/findings.ts';
import { readTable, type TableRow } from './import-clients/read-table.ts';
import { asCsv, keepRefused, keepStillRefused } from './refused-rows.ts';

export interface BroughtClients {
  readonly report: ImportReport;
  /** What was refused is kept under it; null: nothing is. */
  readonly importId: string | null;
}

/** Imports couples from a file; what is refused is kept. See {@link importClients}. */
export async function bringClients(
  database: Database,
  context: TenantContext,
  { fileName, file }: { fileName: string; file: Uint8Array },
  now: Temporal.Instant,
  options: ImportOptions = {},
): Promise<BroughtClients> {
  const report = await importClients(database, context, file, now, options);
  if (options.dryRun === true) return { report, importId: null };
  const read = readTable(file);
  const { header, rows } = read.ok ? read.table : { header: [], rows: [] };
  const list = { kind: 'clients', fileName, header, options: saidOf(options), problem: problemOf(report) } as const;
  const importId = await withTenant(database, context, (trx) =>
    keepRefused(trx, { ...list, file, refused: refusedOf(report, rows) }),
  );
  return { report, importId };
}

/**
 * Tries again what was refused of a list, by what was said about it then and what is said now. What is in order now is
 * imported; the rest stays kept, with its reasons as they are now.
 *
 * @returns null: nothing is kept under this id, or no row of it could be read
 */
export async function retryClients(
  database: Database,
  context: TenantContext,
  importId: string,
  now: Temporal.Instant,
  options: ImportOptions = {},
): Promise<BroughtClients | null> {
  const found = await withTenant(database, context, (trx) => findImport(trx, 'clients', importId));
  if (found === null || found.rows.length === 0) return null;
  const { list, rows } = found;
  const said = saidSchema.parse(list.options);
  const all = { ...said, ...options, mapping: { ...said.mapping, ...options.mapping } };
  const again = await importClients(database, context, asCsv(list.header, rows), now, all);
  // By their numbers in the list as it was.
  const report = { ...again, rows: again.rows.map((row) => ({ ...row, row: rows[row.row - 2]?.row ?? row.row })) };
  if (options.dryRun === true) return { report, importId };
  const kept = { ...list, options: saidOf(all), problem: problemOf(report) };
  const refused = refusedOf(report, rows);
  return { report, importId: await withTenant(database, context, (trx) => keepStillRefused(trx, kept, refused)) };
}

const saidSchema = z.object({
  mapping: z.record(z.string(), z.enum(IMPORT_FIELDS).nullable()).default({}),
  dateOrder: z.enum(['day-first', 'month-first']).optional(),
  country: z.custom<CountryCode>((code) => typeof code === 'string' && isSupportedCountry(code)).optional(),
  update: z.boolean().optional(),
  quiet: z.boolean().optional(),
});

function saidOf({ mapping, dateOrder, country, update, quiet }: z.input<typeof saidSchema> | ImportOptions): unknown {
  return { mapping, dateOrder, country, update, quiet };
}

/** What is wrong with the list as a whole: then no row was looked at. */
function problemOf({ findings, rows }: ImportReport): string | null {
  const errors = findings.filter(({ level }) => level === 'error');
  return errors.length === 0 || rows.length > 0 ? null : sentence(errors);
}

function refusedOf(report: ImportReport, rows: readonly Pick<TableRow, 'row' | 'cells'>[]): RefusedRow[] {
  const problem = problemOf(report);
  if (problem !== null) return rows.map(({ row, cells }) => ({ row, cells, reason: problem }));
  const cellsOf = new Map(rows.map(({ row, cells }) => [row, cells]));
  return report.rows
    .filter(({ status }) => status === 'refused')
    .map(({ row, findings }) => ({ row, cells: cellsOf.get(row) ?? [], reason: sentence(findings) }));
}

function sentence(findings: readonly Finding[]): string {
  return findings
    .filter(({ level }) => level === 'error')
    .map(({ message }) => message)
    .join('; ');
}
