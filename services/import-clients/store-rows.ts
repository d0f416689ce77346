import { sql } from 'kysely';

import { findStored, insertImported, updateImported, type StoredCouple } from '../../db/import-clients.ts';
import { orRefused } from '../../db/or-refused.ts';
import type { Trx } from '../../db/tenant.ts';
import type { CheckedRow, ImportedCouple } from './check-row.ts';
import { errorIn, type Finding } from './findings.ts';

/**
 * `imported`: new. `unchanged`: it was there, with the same values. `different`: it was there with other values, which
 * were kept. `updated`: they were not. `refused`: nothing of the row was written.
 */
export type RowStatus = 'imported' | 'unchanged' | 'different' | 'updated' | 'refused';

export interface RowReport {
  readonly row: number;
  readonly status: RowStatus;
  readonly clientId: string | null;
  /** Names of the fields in which the stored couple differs. */
  readonly differences: readonly string[];
  readonly findings: readonly Finding[];
}

export interface StoreRules {
  /** Overwrite couples that are there already. */
  readonly update: boolean;
  /** Set no journey off, whatever the row says. */
  readonly quiet: boolean;
}

/** Stores the rows in the caller's transaction. What a row makes the database refuse is an exception. */
export async function storeRows(trx: Trx, rows: readonly CheckedRow[], rules: StoreRules): Promise<RowReport[]> {
  const couples = rows.flatMap(({ couple }) => (couple === null ? [] : [couple]));
  const found = await findStored(trx, couples);
  const plans = rows.map((row) => ({
    row,
    report: row.couple === null ? refusedRow(row) : intentFor(row, row.couple, found.shift() ?? [], rules),
  }));
  const ids = new Map<number, string>();
  for (const quiet of [false, true]) {
    const now = plans.filter(({ row }) => (rules.quiet || row.quiet) === quiet);
    const added = now.flatMap(({ row, report }) =>
      report.status === 'imported' && row.couple !== null ? [{ row: row.row, couple: row.couple }] : [],
    );
    const changed = now.flatMap(({ row, report: { status, clientId } }) =>
      status === 'updated' && row.couple !== null && clientId !== null ? [{ clientId, couple: row.couple }] : [],
    );
    if (added.length + changed.length > 0) await setQuiet(trx, quiet);
    const inserted = await insertImported(
      trx,
      added.map(({ couple }) => couple),
    );
    for (const [index, { row }] of added.entries()) ids.set(row, inserted[index] ?? '');
    for (const { clientId, couple } of changed) await updateImported(trx, clientId, couple);
  }
  return plans.map(({ report }) => ({ ...report, clientId: ids.get(report.row) ?? report.clientId }));
}

/** The same, but each row by itself: one that the database refuses takes back only what it did. */
export async function storeEachRow(trx: Trx, rows: readonly CheckedRow[], rules: StoreRules): Promise<RowReport[]> {
  const reports: RowReport[] = [];
  for (const row of rows) {
    const stored = await orRefused(trx, () => storeRows(trx, [row], rules));
    if (stored.ok) reports.push(...stored.result);
    else {
      const { code, message } = stored.problem;
      reports.push(refusedRow({ ...row, findings: [...row.findings, { level: 'error', code, message }] }));
    }
  }
  return reports;
}

function refusedRow({ row, findings }: CheckedRow): RowReport {
  return { row, status: 'refused', clientId: null, differences: [], findings };
}

/** What is to become of a row, before anything is written. */
function intentFor(
  checked: CheckedRow,
  couple: ImportedCouple,
  candidates: readonly StoredCouple[],
  rules: StoreRules,
): RowReport {
  const { row, findings } = checked;
  const [stored, ...others] = candidates;
  if (stored === undefined) return { row, status: 'imported', clientId: null, differences: [], findings };
  const conflict = conflictWith(couple, stored, others.length);
  if (conflict !== null) return refusedRow({ ...checked, findings: [...findings, conflict] });
  const differences = differencesOf(couple, stored.couple);
  const changed = rules.update ? 'updated' : 'different';
  const status = differences.length === 0 ? 'unchanged' : changed;
  return { row, status, clientId: stored.clientId, differences, findings };
}

function conflictWith(couple: ImportedCouple, stored: StoredCouple, others: number): Finding | null {
  if (others > 0) {
    return errorIn(
      'email',
      'stored_twice',
      'its addresses and its external id belong to different couples that are there already; correct one of them first',
    );
  }
  if (stored.deleted) {
    return errorIn(
      'external_id',
      'stored_deleted',
      'this couple was deleted; restore it first, or give the row another external id',
    );
  }
  const theirs = stored.couple.externalId;
  if (couple.externalId !== undefined && theirs !== undefined && theirs !== couple.externalId) {
    return errorIn(
      'email',
      'stored_other_id',
      `the email address belongs to a couple that is there with the external id ${theirs}`,
    );
  }
  return null;
}

/** Only what the row says counts: an empty cell is no difference. */
function differencesOf(couple: ImportedCouple, stored: StoredCouple['couple']): string[] {
  const before = new Map<string, unknown>(Object.entries(stored));
  return Object.entries(couple)
    .filter(([, value]) => value !== '' && !(Array.isArray(value) && value.length === 0))
    .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(before.get(key)))
    .map(([key]) => key);
}

/** See app.queue_client_events: what a quiet write tells sets no journey off. */
async function setQuiet(trx: Trx, quiet: boolean): Promise<void> {
  await sql`select set_config('app.quiet', ${quiet ? 'on' : ''}, true)`.execute(trx);
}
