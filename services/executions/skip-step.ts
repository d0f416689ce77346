import { recallQueued } from '../../db/recall.ts';
import { finishStep } from '../../db/step-effects.ts';
import type { Trx } from '../../db/tenant.ts';
import { planLoaded } from './plan-loaded.ts';
import { commandExecution, type Commander, type CommandResult } from './command.ts';
import { findStep, refuseUnlessAhead, type StepName } from './step-row.ts';

/** This couple does not get this step. What counts from it goes on as after any skipped step. */
export function skipStep(trx: Trx, by: Commander, executionId: string, name: StepName): Promise<CommandResult> {
  return commandExecution(trx, by, executionId, 'step_skipped', async (execution) => {
    const row = await findStep(trx, execution, name);
    if ('ok' in row) return row;
    const refused = refuseUnlessAhead(row);
    if (refused !== null) return refused;
    const plan = planLoaded(execution, by.now);
    const line = plan.steps.find(({ key, occurrence }) => key === name.key && occurrence === name.occurrence);
    if (line === undefined)
      throw new Error(`The step ${name.key}#${name.occurrence} has a row but is not in the plan.`);
    await recallQueued(trx, { stepExecutionId: row.id }, 'cancelled');
    await finishStep(trx, executionId, line, { state: 'skipped', at: by.now, reason: { code: 'by_person' } });
    return {
      ok: true,
      executionId,
      changed: true,
      message: `"${row.step.name ?? name.key}" is skipped for this couple.`,
    };
  });
}
