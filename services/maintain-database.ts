import { setTimeout as delay } from 'node:timers/promises';

import { sql } from 'kysely';

import type { Database } from '../db/database.ts';
import type { Trx } from '../db/tenant.ts';
import { withoutTenant } from '../db/without-tenant.ts';

/** One seal that was put on the audit. Its digest belongs outside the database too: in a log, or with a notary. */
export interface Seal {
  /** A bigint, as text. */
  readonly sealNo: string;
  readonly retentionClass: 'standard' | 'financial';
  /** First day of the month its rows are of. */
  readonly month: string;
  readonly rowCount: string;
  /** SHA-256, in hex: over the rows, and over the seal before. */
  readonly chainDigest: string;
}

export interface MaintenanceReport {
  readonly partitionsCreated: number;
  readonly partitionsDropped: readonly string[];
  /** Rows deleted one by one, by table. */
  readonly deleted: Readonly<Record<string, number>>;
  /** Rows ended by policies of organizations. */
  readonly retention: readonly { organizationId: string; table: string; rows: number }[];
  readonly clientsPurged: number;
  readonly organizationsPurged: number;
  readonly deletionsFinished: number;
  readonly seals: readonly Seal[];
  /** A transaction was open for too long: what is marked will be sealed by the next run. */
  readonly sealPending: boolean;
}

/** Rows at once: more would hold locks for long. */
const BATCH = 5_000;
const CLIENTS = 50;
const ORGANIZATIONS = 5;

/**
 * The daily upkeep: months of logs made ahead and dropped when their time is over, queues emptied, deleted couples
 * erased, policies of organizations applied, yesterday counted, the audit sealed. Each part is a transaction of its own,
 * and doing it again does no harm.
 *
 * @param database opened as app_worker or app_ops
 * @param options sealWaitMs: how long to wait for open transactions before sealing, default 10 s
 */
export async function maintainDatabase(
  database: Database,
  options: { sealWaitMs?: number } = {},
): Promise<MaintenanceReport> {
  const partitionsCreated = await count(database, `ops.ensure_partitions(3) + audit.ensure_partitions(3)`);
  const partitionsDropped = await withUpkeep(database, async (trx) => {
    const { rows } = await sql<{ dropped: string }>`select dropped from ops.drop_expired_partitions()`.execute(trx);
    return rows.map((row) => row.dropped);
  });
  const deleted = await deleteSpent(database);
  const deletionsFinished = await repeat(CLIENTS, () => count(database, `ops.finish_deletions(${CLIENTS})`));
  const clientsPurged = await repeat(CLIENTS, () => count(database, `ops.purge_deleted_clients(${CLIENTS})`));
  const organizationsPurged = await repeat(ORGANIZATIONS, () =>
    count(database, `ops.purge_deleted_organizations(${ORGANIZATIONS})`),
  );
  const retention = await applyRetention(database);
  await withUpkeep(database, (trx) => sql`select ops.collect_daily_stats(), ops.refresh_metrics()`.execute(trx));
  const { seals, pending } = await sealAudit(database, options.sealWaitMs ?? 10_000);
  return {
    partitionsCreated,
    partitionsDropped,
    deleted,
    retention,
    clientsPurged,
    organizationsPurged,
    deletionsFinished,
    seals,
    sealPending: pending,
  };
}

/** Upkeep takes longer than a request may, and waits for nobody: what is locked is done next time. */
function withUpkeep<T>(database: Database, work: (trx: Trx) => Promise<T>): Promise<T> {
  return withoutTenant(database, async (trx) => {
    await sql`select set_config('lock_timeout', '2s', true), set_config('app.actor', 'system:maintenance', true)`.execute(
      trx,
    );
    // The second is there from PostgreSQL 17 on.
    await sql`select set_config(name, '10min', true) from pg_settings
               where name in ('statement_timeout', 'transaction_timeout')`.execute(trx);
    return work(trx);
  });
}

async function count(database: Database, call: string): Promise<number> {
  return withUpkeep(database, async (trx) => {
    const { rows } = await sql<{ n: string }>`select ${sql.raw(call)} as n`.execute(trx);
    return Number(rows[0]?.n ?? 0);
  });
}

/** Again and again, a transaction each, until a round was not full. */
async function repeat(full: number, round: () => Promise<number>): Promise<number> {
  let total = 0;
  for (;;) {
    const done = await round();
    total += done;
    if (done < full) return total;
  }
}

async function deleteSpent(database: Database): Promise<Record<string, number>> {
  const deleted: Record<string, number> = {};
  await repeat(BATCH, () =>
    withUpkeep(database, async (trx) => {
      const { rows } = await sql<{ table_name: string; deleted: string }>`
        select * from ops.delete_spent(${BATCH})`.execute(trx);
      for (const row of rows) deleted[row.table_name] = (deleted[row.table_name] ?? 0) + Number(row.deleted);
      return Math.max(0, ...rows.map((row) => Number(row.deleted)));
    }),
  );
  return deleted;
}

async function applyRetention(database: Database): Promise<MaintenanceReport['retention']> {
  const totals = new Map<string, { organizationId: string; table: string; rows: number }>();
  await repeat(BATCH, () =>
    withUpkeep(database, async (trx) => {
      const { rows } = await sql<{ organization_id: string; table_name: string; affected: string }>`
        select * from ops.apply_retention_policies(${BATCH})`.execute(trx);
      for (const { organization_id, table_name, affected } of rows) {
        const key = `${organization_id} ${table_name}`;
        const before = totals.get(key)?.rows ?? 0;
        totals.set(key, { organizationId: organization_id, table: table_name, rows: before + Number(affected) });
      }
      return Math.max(0, ...rows.map((row) => Number(row.affected)));
    }),
  );
  return [...totals.values()];
}

/**
 * Seals the audit up to now. Rows get their numbers before they are committed, so it waits until every transaction that
 * was open when the mark was set has ended.
 */
export async function sealAudit(database: Database, waitMs: number): Promise<{ seals: Seal[]; pending: boolean }> {
  await withUpkeep(database, (trx) => sql`select audit.mark()`.execute(trx));
  const deadline = Date.now() + waitMs;
  for (;;) {
    const { seals, pending } = await withUpkeep(database, async (trx) => {
      const { rows } = await sql<Seal>`
        select seal_no::text as "sealNo", retention_class as "retentionClass", to_char(month, 'YYYY-MM-DD') as month,
               row_count::text as "rowCount", encode(chain_digest, 'hex') as "chainDigest" from audit.seal()
      `.execute(trx);
      const { rows: marks } = await sql<{ pending: boolean }>`select audit.seal_pending() as pending`.execute(trx);
      return { seals: rows, pending: marks[0]?.pending ?? false };
    });
    if (!pending || Date.now() >= deadline) return { seals, pending };
    await delay(100);
  }
}
