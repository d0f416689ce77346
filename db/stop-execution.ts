import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

/** Nothing is sent from `at` (ISO instant) on. The first stop counts. Closing steps still run. */
export async function stopExecution(trx: Trx, executionId: string, at: string, reason: string): Promise<void> {
  await sql`
    update app.journey_executions set stopped_at = ${at}, stop_reason = ${reason}
    where id = ${executionId} and stopped_at is null and completed_at is null
  `.execute(trx);
}

/**
 * Ends an execution at once, closing steps included: an admin cancelled its workflow, or the journey begins again.
 *
 * @param at ISO instant
 */
export async function closeExecution(
  trx: Trx,
  executionId: string,
  end: { readonly status: 'cancelled' | 'stopped'; readonly at: string; readonly reason: string },
): Promise<void> {
  await sql`
    update app.journey_executions
    set status = ${end.status}, completed_at = ${end.at}, next_action_at = null, next_action = null, blocked = false,
      stopped_at = coalesce(stopped_at, ${end.at}), stop_reason = coalesce(stop_reason, ${end.reason})
    where id = ${executionId} and completed_at is null
  `.execute(trx);
}
