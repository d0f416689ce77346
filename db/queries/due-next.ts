import { sql } from 'kysely';

import type { StepType } from '../domain.ts';
import type { Trx } from '../tenant.ts';

export interface DueStep {
  executionId: string;
  clientId: string;
  couple: string;
  journey: string;
  stepKey: string;
  stepType: StepType;
  scheduledFor: Date;
  /** Wall time in `zone`, YYYY-MM-DDTHH:MM. */
  local: string | null;
  zone: string | null;
}

/** What goes out next over all couples of the organization, the earliest first. */
export async function dueNext(trx: Trx, range: { from: Date; until?: Date; limit: number }): Promise<DueStep[]> {
  const { rows } = await sql<DueStep>`/* due_next${sql.raw(range.until ? '_until' : '')} */
    select x.execution_id as "executionId", e.client_id as "clientId",
           concat_ws(' & ', nullif(c.partner_1_name, ''), nullif(c.partner_2_name, '')) as couple, j.name as journey,
           x.step_key as "stepKey", x.step_type as "stepType", x.scheduled_for as "scheduledFor",
           x.local_time as local, x.time_zone as zone
      from app.journey_step_executions x
      join app.journey_executions e on e.organization_id = x.organization_id and e.id = x.execution_id
      join app.clients c on c.organization_id = e.organization_id and c.id = e.client_id
      join app.journeys j on j.organization_id = e.organization_id and j.id = e.journey_id
     where x.organization_id = (select app.current_org_id()) and x.ended_at is null and x.scheduled_for >= ${range.from}
       ${range.until ? sql`and x.scheduled_for < ${range.until}` : sql``}
       and e.status = 'active' and x.state in ('planned', 'waiting', 'held')
     order by x.scheduled_for, x.id
     limit ${range.limit}`.execute(trx);
  return rows;
}
