import type { StepResult } from '../db/step-effects.ts';
import { stopExecution } from '../db/stop-execution.ts';
import { addTask } from '../db/team-work.ts';
import type { Trx } from '../db/tenant.ts';
import { assertNever } from '../journeys/assert-never.ts';
import type { Step } from '../journeys/definition.ts';
import type { PlannedExecution } from './plan-execution.ts';

/**
 * What the definition wants after a step could not be done: go on (the default), end the journey, or have somebody look
 * at it. The planner knows the failure from the ledger; here it is made known to everybody else.
 */
export async function applyFailurePolicy(
  trx: Trx,
  { loaded }: PlannedExecution,
  step: Step,
  { at, error }: StepResult,
): Promise<void> {
  const { clientId, executionId } = loaded;
  const name = step.name ?? step.key;
  switch (step.onFailure) {
    case undefined:
    case 'continue':
      return;
    case 'stop':
      return stopExecution(trx, executionId, at, `The step "${name}" failed.`);
    case 'task':
      return addTask(trx, {
        clientId,
        executionId,
        dedupKey: `${executionId}/${step.key}/failed/${at}`,
        title: `"${name}" could not be done`,
        description: error?.message ?? '',
        assigneeRole: 'owner',
        dueAt: null,
      });
    default:
      return assertNever(step.onFailure);
  }
}
