import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

/** Nothing is sent from `at` (ISO instant) on. The first stop counts. Closing steps still run. */
export async function stopExecution(trx: Trx, executionId: string, at: string, reason: string): Promise<void> {
  await sql`
    update app.journey_executions set stopped_at = ${at}, stop_reason = ${reason}
    where id = ${executionId} and stopped_at is null and completed_at is null
  `.execute(trx);
}
