import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

/** How far a batch has come. */
export interface BatchProgress {
  readonly id: string;
  readonly journey: string;
  readonly status: 'open' | 'done';
  /** Executions that were made. */
  readonly total: number;
  /** Those whose workflow was started. */
  readonly started: number;
  readonly requestedBy: string;
  readonly createdAt: Date;
  readonly completedAt: Date | null;
}

/** The batches of the organization, the newest first; one of them where an id is given. */
export async function listBatches(trx: Trx, batchId: string | null, limit = 20): Promise<BatchProgress[]> {
  const { rows } = await sql<BatchProgress>`
    select b.id, j.name as journey, b.status, b.total, b.started, b.requested_by as "requestedBy",
      b.created_at as "createdAt", b.completed_at as "completedAt"
    from app.enrolment_batches b
    join app.journeys j on j.organization_id = b.organization_id and j.id = b.journey_id
    where b.organization_id = (select app.current_org_id()) and (${batchId}::uuid is null or b.id = ${batchId}::uuid)
    order by b.created_at desc limit ${limit}
  `.execute(trx);
  return rows;
}

/**
 * The next executions of a batch whose workflow has to be started.
 *
 * @param after the last one that is taken care of already; null: what the batch's cursor says
 */
export async function nextOfBatch(trx: Trx, batchId: string, limit: number, after: string | null): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select e.id from app.journey_executions e
    join app.enrolment_batches b on b.organization_id = e.organization_id and b.id = e.batch_id
    where e.organization_id = (select app.current_org_id()) and e.batch_id = ${batchId}
      and (coalesce(${after}::uuid, b.cursor) is null or e.id > coalesce(${after}::uuid, b.cursor))
    order by e.id limit ${limit}
  `.execute(trx);
  return rows.map(({ id }) => id);
}

/** Moves the cursor of a batch behind executions that have begun; twice the same counts once. */
export async function recordBegun(trx: Trx, batchId: string, executionIds: readonly string[]): Promise<void> {
  await sql`
    update app.enrolment_batches set cursor = ${executionIds.at(-1) ?? null}::uuid,
      started = least(total, started + ${executionIds.length})
    where id = ${batchId} and (cursor is null or cursor < ${executionIds.at(-1) ?? null}::uuid)
  `.execute(trx);
}

/** All of a batch have begun. @param at ISO instant */
export async function completeBatch(trx: Trx, batchId: string, at: string): Promise<void> {
  await sql`
    update app.enrolment_batches set status = 'done', completed_at = greatest(${at}::timestamptz, created_at)
    where id = ${batchId} and status = 'open'
  `.execute(trx);
}

/** Batches that nobody works on any more. @param before ISO instant */
export async function stuckBatches(trx: Trx, before: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from app.enrolment_batches
    where organization_id = (select app.current_org_id()) and status = 'open' and updated_at < ${before}::timestamptz
    order by id
  `.execute(trx);
  return rows.map(({ id }) => id);
}
