import { sql } from 'kysely';

import type { Trx } from '../../db/tenant.ts';
import { isMovable } from '../../journeys/moved-steps.ts';
import { commandExecution, refuse, type Commander, type CommandResult } from './command.ts';
import { findStep, refuseUnlessAhead, type StepName } from './step-row.ts';

/**
 * Puts a step to another instant for this couple; it stays there when dates move. Conditions, consent, send window, cap
 * and approval are asked as always.
 *
 * @param at ISO instant, to the second
 */
export function rescheduleStep(
  trx: Trx,
  by: Commander,
  executionId: string,
  name: StepName,
  at: string,
): Promise<CommandResult> {
  return commandExecution(trx, by, executionId, 'step_moved', async (execution) => {
    const row = await findStep(trx, execution, name);
    if ('ok' in row) return row;
    const refused = refuseUnlessAhead(row);
    if (refused !== null) return refused;
    const called = row.step.name ?? name.key;
    if (!isMovable(row.step)) {
      return refuse('not_movable', `"${called}" repeats or waits for something: it has no single moment to move.`);
    }
    if (at < by.now) return refuse('in_the_past', `${at} is over. Choose an instant to come, or run the step now.`);
    await sql`
      update app.journey_executions set moved_steps = moved_steps || jsonb_build_object(${name.key}::text, ${at}::text)
      where id = ${executionId}
    `.execute(trx);
    return { ok: true, executionId, changed: true, message: `"${called}" goes at ${at}.` };
  });
}

/** The step goes as soon as nothing forbids it. */
export const runStepNow = (trx: Trx, by: Commander, executionId: string, name: StepName): Promise<CommandResult> =>
  rescheduleStep(trx, by, executionId, name, by.now);
