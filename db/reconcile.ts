import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

/** Organizations that exist. @param trx of the relay */
export async function organizationIds(trx: Trx): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from app.organizations where deleted_at is null order by id
  `.execute(trx);
  return rows.map(({ id }) => id);
}

export interface OpenExecution {
  readonly id: string;
  /** Its next action was due long ago, or it was never planned. */
  readonly overdue: boolean;
}

/**
 * Executions of the organization that have not ended, without those of a batch whose turn is still to come.
 *
 * @param before ISO instant: what was due then is overdue
 */
export async function openExecutions(trx: Trx, before: string): Promise<OpenExecution[]> {
  const { rows } = await sql<OpenExecution>`
    select id, (next_action_at < ${before}::timestamptz or (planned_at is null and created_at < ${before}::timestamptz))
      is true as overdue
    from app.journey_executions
    where organization_id = (select app.current_org_id()) and completed_at is null
      and (batch_id is null or planned_at is not null or created_at < ${before}::timestamptz)
    order by id
  `.execute(trx);
  return rows;
}

/** A message that a worker claimed long ago and never settled: nobody knows whether it arrived. */
export interface StuckSend {
  readonly id: string;
  readonly executionId: string | null;
}

/** Messages that were claimed before that instant (ISO) and never settled. */
export async function stuckSends(trx: Trx, before: string): Promise<StuckSend[]> {
  const { rows } = await sql<StuckSend>`
    select m.id, m.execution_id as "executionId" from app.communications m
    where m.organization_id = (select app.current_org_id()) and m.status = 'sending' and m.send_claimed_at < ${before}::timestamptz
      -- It belongs to a step that has begun and not ended, or to none: both are found by an index.
      and (m.step_execution_id is null or m.step_execution_id in (
        select s.id from app.journey_step_executions s
        where s.organization_id = (select app.current_org_id()) and s.ended_at is null and s.started_at is not null))
    order by m.id
  `.execute(trx);
  return rows;
}

/** They are called what they are; their executions look again. */
export async function callUnknown(trx: Trx, ids: readonly string[]): Promise<void> {
  await sql`
    update app.communications
    set status = 'unknown', error_code = 'unknown', error_message = 'The process that was sending it died; the provider may have it.'
    where organization_id = (select app.current_org_id()) and status = 'sending' and id = any (${ids}::uuid[])
  `.execute(trx);
}

export interface StuckEvent {
  readonly id: string;
  readonly organizationId: string;
  readonly event: string;
  readonly attempts: number;
  readonly parked: boolean;
  readonly lastError: string | null;
}

/** Events that have not reached their journeys since `before` (ISO instant). @param trx of the relay */
export async function stuckEvents(trx: Trx, before: string): Promise<StuckEvent[]> {
  const { rows } = await sql<StuckEvent>`
    select id::text, organization_id as "organizationId", event, attempts, parked_at is not null as parked,
      last_error as "lastError"
    from app.outbox
    where processed_at is null and (parked_at is not null or (created_at < ${before} and available_at < ${before}))
    order by id limit 100
  `.execute(trx);
  return rows;
}
