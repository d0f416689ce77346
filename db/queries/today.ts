import { sql } from 'kysely';

import type { Trx } from '../tenant.ts';

/** How much is in each of today's lists. */
export interface Today {
  /** Goes out today, in the organization's zone. */
  due: number;
  /** Waits for the supplier's OK. */
  approvals: number;
  /** Open tasks that are due today or were before. */
  tasks: number;
  /** Steps of journeys under way that went wrong, or of which nobody knows whether they went. */
  trouble: number;
  /** Journeys that wait for an answer of the supplier's: whether a step whose time is past still goes. */
  questions: number;
}

/** @param from beginning of the organization's day; @param until its end */
export async function today(trx: Trx, from: Date, until: Date): Promise<Today> {
  const { rows } = await sql<Today>`/* today */ select
    (select count(*)::int from app.journey_step_executions
      where organization_id = org.id and ended_at is null and scheduled_for >= ${from} and scheduled_for < ${until}) as due,
    (select count(*)::int from app.approvals where organization_id = org.id and decision is null) as approvals,
    (select count(*)::int from app.tasks
      where organization_id = org.id and status = 'open' and due_at < ${until}) as tasks,
    (select count(*)::int from app.journey_step_executions x
      join app.journey_executions e on e.organization_id = x.organization_id and e.id = x.execution_id
      where x.organization_id = org.id and x.state in ('failed', 'unknown') and e.status in ('active', 'paused')) as trouble,
    (select count(*)::int from app.journey_executions e
      where e.organization_id = org.id and e.status = 'active' and e.blocked
        and exists (select from app.journey_step_executions x
          where x.organization_id = e.organization_id and x.execution_id = e.id and x.ended_at is null
            and x.reason ->> 'code' = 'needs_answer')) as questions
    from (select app.current_org_id() as id) org`.execute(trx);
  return rows[0] ?? { due: 0, approvals: 0, tasks: 0, trouble: 0, questions: 0 };
}
