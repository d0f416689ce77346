import { setTimeout as delay } from 'node:timers/promises';

import { sql } from 'kysely';

import type { Database } from '../../db/database.ts';
import { withTenant, type TenantContext, type Trx } from '../../db/tenant.ts';

/** Counts by table of what was deleted, redacted and kept; `removed` where nothing at all is left. */
export type ErasureReport = Readonly<Record<string, unknown>>;

export type Deletion =
  | { readonly outcome: 'erased'; readonly requestId: string; readonly report: ErasureReport }
  /** Its journeys have not ended yet: the upkeep of the database erases it as soon as they have, or after a day. */
  | { readonly outcome: 'pending'; readonly requestId: string }
  | { readonly outcome: 'not_found' };

/**
 * Deletes a client and everything that is kept about it, for ever. Its journeys are ended first, by the same event that
 * any deletion tells, so that none of them writes to the couple while it is being erased.
 *
 * @param waitMs how long to wait for the journeys to end, in milliseconds
 */
export async function deleteClient(
  database: Database,
  context: TenantContext,
  clientId: string,
  waitMs: number,
): Promise<Deletion> {
  const requestId = await withTenant(database, context, (trx) => request(trx, context.actor, clientId));
  if (requestId === null) return { outcome: 'not_found' };
  const deadline = Date.now() + waitMs;
  while ((await withTenant(database, context, (trx) => running(trx, clientId))) > 0) {
    if (Date.now() >= deadline) return { outcome: 'pending', requestId };
    await delay(200);
  }
  const report = await withTenant(database, context, async (trx) => {
    const { rows } = await sql<{ report: ErasureReport | null }>`
      update app.data_deletion_requests
         set status = 'completed', finished_at = now(), report = app.erase_client(${clientId})
       where id = ${requestId} and status = 'running'
      returning report
    `.execute(trx);
    // The upkeep may have been faster.
    const done = rows[0] ?? (await readReport(trx, requestId));
    return done.report ?? {};
  });
  return { outcome: 'erased', requestId, report };
}

async function request(trx: Trx, actor: string, clientId: string): Promise<string | null> {
  const { numUpdatedRows } = await trx
    .updateTable('clients')
    .set({ deleted_at: sql`coalesce(deleted_at, now())` })
    .where('id', '=', clientId)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) return null;
  const { id } = await trx
    .insertInto('data_deletion_requests')
    .values({ subject_type: 'client', subject_id: clientId, status: 'running', requested_by: actor })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

async function running(trx: Trx, clientId: string): Promise<number> {
  const rows = await trx
    .selectFrom('journey_executions')
    .select('id')
    .where('client_id', '=', clientId)
    .where('completed_at', 'is', null)
    .execute();
  return rows.length;
}

async function readReport(trx: Trx, requestId: string): Promise<{ report: ErasureReport | null }> {
  const { report } = await trx
    .selectFrom('data_deletion_requests')
    .select('report')
    .where('id', '=', requestId)
    .executeTakeFirstOrThrow();
  return { report: report as ErasureReport | null };
}
