import { sql } from 'kysely';

import type { Database } from '../../db/database.ts';
import { withTenant } from '../../db/tenant.ts';

/** The same writes as a send of ours: begin, claim, settle, finish; each in a transaction of its own. */
export interface HandCoded {
  sendStep(step: { organizationId: string; executionId: string; key: string; last: boolean }): Promise<void>;
}

export function createHandCoded(database: Database): HandCoded {
  return {
    async sendStep({ organizationId, executionId, key, last }) {
      const tenant = { organizationId, actor: 'worker' };
      const id = await withTenant(database, tenant, async (trx) => {
        await sql`select from app.journey_executions where id = ${executionId} for update`.execute(trx);
        const { rows } = await sql<{ id: string }>`
          with step as (
            insert into app.journey_step_executions (execution_id, step_key, step_type, state, due_at, planned_at, attempts, started_at)
            values (${executionId}, ${key}, 'email', 'planned', now(), now(), 1, now()) returning id
          )
          insert into app.communications (client_id, execution_id, step_key, occurrence, idempotency_key, type, recipient,
            subject, content, status, queued_at)
          select client_id, id, ${key}, 1, id::text || ${key}, 'email', 'ana@example.com', 'Subject', 'Words', 'queued', now()
          from app.journey_executions where id = ${executionId} returning id
        `.execute(trx);
        return rows[0]?.id ?? '';
      });
      await withTenant(database, tenant, (trx) =>
        sql`update app.communications set status = 'sending', send_claimed_at = now(), attempts = 1 where id = ${id}`.execute(
          trx,
        ),
      );
      await withTenant(database, tenant, (trx) =>
        sql`update app.communications set status = 'sent', sent_at = now(), provider = 'bench' where id = ${id}`.execute(
          trx,
        ),
      );
      await withTenant(database, tenant, async (trx) => {
        await sql`
          update app.journey_step_executions set state = 'done', ended_at = now(), reason = '{"code":"done"}'
          where execution_id = ${executionId} and step_key = ${key}
        `.execute(trx);
        await sql`
          update app.journey_executions set steps_completed = steps_completed + 1, planned_at = now(),
            status = case when ${last} then 'completed' else 'active' end,
            completed_at = case when ${last} then now() end
          where id = ${executionId}
        `.execute(trx);
      });
    },
  };
}
