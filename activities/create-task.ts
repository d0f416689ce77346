import { addTask } from '../db/team-work.ts';
import type { Composing } from '../services/messages/compose-message.ts';
import { fillIn } from './fill-in.ts';
import { later } from './local-time.ts';
import type { StepActivity } from './next-action.ts';
import { carryOutHere, doneReason, type StepDependencies } from './step-effect.ts';

/** Gives the team a task. */
export function createCreateTask(dependencies: StepDependencies & Composing): StepActivity {
  return (ref) =>
    carryOutHere(dependencies, ref, async (trx, due) => {
      const { step, line, execution } = due;
      if (step.type !== 'task') throw new Error(`The step ${step.key} is no task.`);
      const { loaded, now } = execution;
      const [title = step.title, notes = ''] = await fillIn(trx, dependencies.renderer, due, [
        step.title,
        step.notes ?? '',
      ]);
      await addTask(trx, {
        clientId: loaded.clientId,
        executionId: loaded.executionId,
        dedupKey: `${loaded.executionId}/${line.key}/${line.occurrence}`,
        title: title.slice(0, 500),
        description: notes,
        assigneeRole: step.assignee ?? 'owner',
        dueAt: step.due === undefined ? null : later(now, step.due, loaded.facts.organization.zone),
      });
      return { state: 'done', reason: doneReason(line) };
    });
}
