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

/** Executions of the organization that have not ended. @param before ISO instant: what was due then is overdue */
export async function openExecutions(trx: Trx, before: string): Promise<OpenExecution[]> {
  const { rows } = await sql<OpenExecution>`
    select id, (next_action_at < ${before}::timestamptz or (planned_at is null and created_at < ${before}::timestamptz))
      is true as overdue
    from app.journey_executions
    where organization_id = (select app.current_org_id()) and completed_at is null
    order by id
  `.execute(trx);
  return rows;
}

/**
 * Messages that a worker claimed long ago and never settled: nobody knows whether they arrived. They are called so, and
 * their executions look again.
 *
 * @param before ISO instant
 */
export async function callStuckUnknown(
  trx: Trx,
  before: string,
): Promise<{ id: string; executionId: string | null }[]> {
  const { rows } = await sql<{ id: string; executionId: string | null }>`
    update app.communications
    set status = 'unknown', error_code = 'unknown', error_message = 'The process that was sending it died; the provider may have it.'
    where organization_id = (select app.current_org_id()) and status = 'sending' and send_claimed_at < ${before}::timestamptz
    returning id, execution_id as "executionId"
  `.execute(trx);
  return rows;
}

/**
 * Asks the team for a new date where a wedding has been postponed without one for as many weeks as the organization
 * waits; once for each postponement.
 *
 * @param now ISO instant
 */
export async function askForPostponedDates(trx: Trx, now: string): Promise<number> {
  const { rows } = await sql`
    insert into app.tasks (client_id, dedup_key, title, description, assignee_id, assignee_role)
    select c.id, 'postponed/' || c.id || '/' || extract(epoch from c.postponed_at)::bigint,
      'Ask for the new wedding date',
      'The wedding is postponed without a date, and everything that hangs on it waits.', c.assignee_id,
      case when c.assignee_id is null then 'owner' end
    from app.clients c
    join app.organizations o on o.id = c.organization_id
    left join app.organization_settings s on s.organization_id = c.organization_id
    where c.organization_id = (select app.current_org_id()) and c.deleted_at is null and c.postponed_at is not null
      and c.postponed_at + coalesce(s.postponed_task_weeks, 8) * interval '7 days' <= ${now}::timestamptz
      and exists (select from app.journey_executions e where e.client_id = c.id and e.completed_at is null)
    on conflict (organization_id, dedup_key) do nothing
    returning id
  `.execute(trx);
  return rows.length;
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

/** Gives parked events another chance. @param trx of the relay */
export async function unparkEvents(trx: Trx, ids: readonly string[]): Promise<void> {
  await sql`
    update app.outbox set parked_at = null, attempts = 0, available_at = now()
    where id = any (${ids}::bigint[]) and parked_at is not null
  `.execute(trx);
}
