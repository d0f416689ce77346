import { sql } from 'kysely';

import type { Trx } from '../tenant.ts';

export interface StepProgress {
  stepKey: string;
  done: number;
  skipped: number;
  failed: number;
  open: number;
}

/** How many couples are past, at and before each step of a journey, over all its versions, steps in no order. */
export async function journeyProgress(trx: Trx, journeyId: string): Promise<StepProgress[]> {
  const { rows } = await sql<StepProgress>`/* journey_progress */
    select x.step_key as "stepKey",
           count(*) filter (where x.state = 'done')::int as done,
           count(*) filter (where x.state in ('skipped', 'not_taken'))::int as skipped,
           count(*) filter (where x.state in ('failed', 'unknown'))::int as failed,
           count(*) filter (where x.state not in ('done', 'skipped', 'not_taken', 'failed', 'unknown'))::int as open
      from app.journey_executions e
      join app.journey_step_executions x on x.organization_id = e.organization_id and x.execution_id = e.id
     where e.organization_id = (select app.current_org_id()) and e.journey_id = ${journeyId}
     group by x.step_key`.execute(trx);
  return rows;
}
