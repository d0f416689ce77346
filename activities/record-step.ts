import { addTask } from '../db/team-work.ts';
import type { StepActivity } from './next-action.ts';
import { carryOutHere, type StepDependencies } from './step-effect.ts';

/** Writes down that a step is skipped, with the planner's reason; an approval may want a task instead. */
export function createRecordStep(dependencies: StepDependencies): StepActivity {
  return (ref) =>
    carryOutHere(dependencies, ref, async (trx, { step, line, execution }) => {
      const { reason } = line;
      const { clientId, executionId } = execution.loaded;
      if (reason.code === 'not_approved' && reason.fallback === 'task') {
        await addTask(trx, {
          clientId,
          executionId,
          dedupKey: `${executionId}/${line.key}/${line.occurrence}`,
          title: `"${step.name ?? step.key}" was not approved in time`,
          description: 'The message was not sent. Send it yourself, or leave it.',
          assigneeRole: 'owner',
          dueAt: null,
        });
      }
      return { state: 'skipped', reason };
    });
}
