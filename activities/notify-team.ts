import { addNotification } from '../db/team-work.ts';
import type { Composing } from '../services/messages/compose-message.ts';
import { fillIn } from './fill-in.ts';
import type { StepActivity } from './next-action.ts';
import { carryOutHere, doneReason, type StepDependencies } from './step-effect.ts';

/** Tells the team something in the application. */
export function createNotifyTeam(dependencies: StepDependencies & Composing): StepActivity {
  return (ref) =>
    carryOutHere(dependencies, ref, async (trx, due) => {
      const { step, line, execution } = due;
      if (step.type !== 'notification') throw new Error(`The step ${step.key} is no notification.`);
      const { clientId, executionId } = execution.loaded;
      const [title = step.title, body = ''] = await fillIn(trx, dependencies.renderer, due, [
        step.title,
        step.body ?? '',
      ]);
      await addNotification(trx, {
        clientId,
        executionId,
        dedupKey: `${executionId}/${line.key}/${line.occurrence}`,
        title: title.slice(0, 500),
        body,
        to: step.to ?? 'all',
      });
      return { state: 'done', reason: doneReason(line) };
    });
}
