import { sql } from 'kysely';

import type { Trx } from '../../db/tenant.ts';

export interface ExecutionFilter {
  readonly clientId?: string | undefined;
  readonly journey?: string | undefined;
  readonly status?: string | undefined;
  readonly blocked?: boolean | undefined;
  readonly limit: number;
}

export interface ExecutionSummary {
  readonly id: string;
  readonly couple: string;
  readonly journey: string;
  readonly version: number;
  readonly status: string;
  readonly blocked: boolean;
  readonly stepsCompleted: number;
  readonly stepsTotal: number;
  readonly nextAction: string | null;
  readonly nextActionAt: Date | null;
}

/** Executions, those that act next first. `journey` is a name or an id. */
export async function listExecutions(trx: Trx, filter: ExecutionFilter): Promise<ExecutionSummary[]> {
  const { rows } = await sql<ExecutionSummary>`
    select e.id, concat_ws(' & ', nullif(c.partner_1_name, ''), nullif(c.partner_2_name, '')) as couple, j.name as journey,
      v.version, e.status, e.blocked, e.steps_completed as "stepsCompleted", e.steps_total as "stepsTotal",
      e.next_action as "nextAction", e.next_action_at as "nextActionAt"
    from app.journey_executions e
    join app.journeys j on j.organization_id = e.organization_id and j.id = e.journey_id
    join app.journey_versions v on v.organization_id = e.organization_id and v.id = e.journey_version_id
    join app.clients c on c.organization_id = e.organization_id and c.id = e.client_id
    where e.organization_id = (select app.current_org_id())
      and (${filter.clientId ?? null}::uuid is null or e.client_id = ${filter.clientId ?? null}::uuid)
      and (${filter.journey ?? null}::text is null or j.name = ${filter.journey ?? null} or j.id::text = ${filter.journey ?? null})
      and (${filter.status ?? null}::text is null or e.status = ${filter.status ?? null})
      and (${filter.blocked ?? null}::boolean is null or e.blocked = ${filter.blocked ?? null})
    order by e.completed_at is not null, e.next_action_at nulls last, e.started_at desc
    limit ${filter.limit}
  `.execute(trx);
  return rows;
}
