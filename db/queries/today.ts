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
  /** Went wrong, or nobody knows whether it went. */
  trouble: number;
}

/** @param from beginning of the organization's day; @param until its end */
export async function today(trx: Trx, from: Date, until: Date): Promise<Today> {
  const { rows } = await sql<Today>`/* today */ select
    (select count(*)::int from app.journey_step_executions
      where organization_id = org.id and ended_at is null and scheduled_for >= ${from} and scheduled_for < ${until}) as due,
    (select count(*)::int from app.approvals where organization_id = org.id and decision is null) as approvals,
    (select count(*)::int from app.tasks
      where organization_id = org.id and status = 'open' and due_at < ${until}) as tasks,
    (select count(*)::int from app.communications
      where organization_id = org.id and direction = 'outbound' and sent_at is null and failed_at is null
        and status = 'unknown')
    + (select count(*)::int from app.journey_executions
        where organization_id = org.id and status = 'active' and blocked) as trouble
    from (select app.current_org_id() as id) org`.execute(trx);
  return rows[0] ?? { due: 0, approvals: 0, tasks: 0, trouble: 0 };
}
