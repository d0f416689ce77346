import { sql } from 'kysely';
import type { CountryCode } from 'libphonenumber-js/max';
import type { Temporal } from 'temporal-polyfill';

import type { Database } from '../db/database.ts';
import { databaseProblem } from '../db/database-problem.ts';
import { withTenant, type TenantContext, type Trx } from '../db/tenant.ts';
import type { CheckedRow } from './import-clients/check-row.ts';
import { checkRows } from './import-clients/check-rows.ts';
import { mapColumns } from './import-clients/columns.ts';
import type { Finding, ImportField } from './import-clients/findings.ts';
import { countryOfLocale } from './import-clients/read-contact.ts';
import type { DateOrder } from './import-clients/read-date.ts';
import { readTable } from './import-clients/read-table.ts';
import {
  storeEachRow,
  storeRows,
  type RowReport,
  type RowStatus,
  type StoreRules,
} from './import-clients/store-rows.ts';

export interface ImportOptions {
  /** Column names of the file to our fields, beside those that are known by themselves; null leaves a column out. */
  readonly mapping?: Readonly<Record<string, ImportField | null>>;
  /** What 06/12/2027 means; without it such a date is refused. */
  readonly dateOrder?: DateOrder;
  /** ISO 3166 country of telephone numbers without a country code; default: that of the organization's locale. */
  readonly country?: CountryCode;
  /** Overwrite couples that are there already; default: they stay, and the differences are reported. */
  readonly update?: boolean;
  /** Import without setting any journey off. */
  readonly quiet?: boolean;
  /** Say what would happen, and write nothing. */
  readonly dryRun?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface ImportReport {
  /** About the file as a whole; with an error no row was looked at. */
  readonly findings: readonly Finding[];
  readonly rows: readonly RowReport[];
  readonly counts: Readonly<Record<RowStatus, number>>;
}

/** Rows a transaction: what an interruption loses at most. The next run finds the others there and goes on. */
const BATCH = 200;

/**
 * Imports couples from a CSV file. Every row is checked, and reported by itself: a refused row leaves nothing behind
 * and stops no other.
 *
 * A couple is recognised by its external id, an email address, or else by both names and the date, so that the same
 * file may be imported again, or after an interruption, and makes no couple twice.
 *
 * @param file the bytes of the file
 * @param now decides whether a wedding date has passed
 */
export async function importClients(
  database: Database,
  context: TenantContext,
  file: Uint8Array,
  now: Temporal.Instant,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const read = readTable(file);
  if (!read.ok) return report([read.finding], []);
  const columns = mapColumns(read.table.header, options.mapping ?? {});
  if (columns.findings.some(({ level }) => level === 'error')) return report(columns.findings, []);
  const organization = await withTenant(database, context, readOrganization);
  const rows = checkRows(read.table, {
    fields: columns.fields,
    delimiter: read.table.delimiter,
    dateOrder: options.dateOrder,
    country: options.country ?? countryOfLocale(organization.locale) ?? 'GB',
    today: now.toZonedDateTimeISO(organization.timezone).toPlainDate().toString(),
  });
  const rules: StoreRules = { update: options.update ?? false, quiet: options.quiet ?? false };
  const stored =
    options.dryRun === true
      ? await rehearse(database, context, rows, rules)
      : await storeInBatches(database, context, rows, rules, options.onProgress);
  return report(columns.findings, stored);
}

async function readOrganization(trx: Trx): Promise<{ locale: string; timezone: string }> {
  return trx.selectFrom('organizations').select(['locale', 'timezone']).executeTakeFirstOrThrow();
}

async function storeInBatches(
  database: Database,
  context: TenantContext,
  rows: readonly CheckedRow[],
  rules: StoreRules,
  onProgress: ImportOptions['onProgress'],
): Promise<RowReport[]> {
  const reports: RowReport[] = [];
  for (let start = 0; start < rows.length; start += BATCH) {
    const batch = rows.slice(start, start + BATCH);
    reports.push(...(await storeBatch(database, context, batch, rules)));
    onProgress?.(reports.length, rows.length);
  }
  return reports;
}

/** Savepoints cost two round trips a row, so they come only where the batch was refused as a whole. */
async function storeBatch(
  database: Database,
  context: TenantContext,
  batch: readonly CheckedRow[],
  rules: StoreRules,
): Promise<RowReport[]> {
  const alone = (work: typeof storeRows) => (trx: Trx) => oneAtATime(trx, () => work(trx, batch, rules));
  try {
    return await withTenant(database, context, alone(storeRows));
  } catch (error) {
    const problem = databaseProblem(error);
    if (problem === null || problem.retry) throw error;
    return withTenant(database, context, alone(storeEachRow));
  }
}

/** Two imports of the same list at once would both find nothing there. */
async function oneAtATime<T>(trx: Trx, work: () => Promise<T>): Promise<T> {
  await sql`select pg_advisory_xact_lock(hashtextextended('import/' || app.current_org_id(), 0))`.execute(trx);
  return work();
}

/** Everything is tried in the database, with its constraints and limits, and taken back. */
async function rehearse(
  database: Database,
  context: TenantContext,
  rows: readonly CheckedRow[],
  rules: StoreRules,
): Promise<RowReport[]> {
  const takenBack = Symbol('taken back');
  let reports: RowReport[] = [];
  try {
    await withTenant(database, context, async (trx) => {
      reports = await storeEachRow(trx, rows, rules);
      throw takenBack;
    });
  } catch (error) {
    if (error !== takenBack) throw error;
  }
  return reports.map((row) => (row.status === 'imported' ? { ...row, clientId: null } : row));
}

function report(findings: readonly Finding[], rows: readonly RowReport[]): ImportReport {
  const counts: Record<RowStatus, number> = { imported: 0, updated: 0, unchanged: 0, different: 0, refused: 0 };
  for (const { status } of rows) counts[status] += 1;
  return { findings, rows, counts };
}
