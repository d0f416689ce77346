import { addTask } from '../db/team-work.ts';
import type { Trx } from '../db/tenant.ts';
import { dateChangeTasks } from '../journeys/date-change-tasks.ts';
import type { NextAction } from './next-action.ts';
import type { PlannedExecution } from './plan-execution.ts';

/**
 * `onDateChange: task`: gives the team a task for each message that went out for a date which has changed since, once
 * the date has been still for a while, so that a slip of the hand makes none. The same change makes one task, however
 * often it is looked at.
 *
 * @returns the next action, with the moment at which a date will have been still
 */
export async function followDates(trx: Trx, { loaded, now }: PlannedExecution, next: NextAction): Promise<NextAction> {
  const tasks = dateChangeTasks(loaded.definition, loaded.facts, loaded.ledger, now);
  // An execution that ends does not come back to look again.
  const due = tasks.filter((task) => task.from <= now || next.kind === 'finished');
  for (const { key, occurrence, dueAt, nowDueAt } of due) {
    const step = loaded.definition.steps.find((one) => one.key === key);
    await addTask(trx, {
      clientId: loaded.clientId,
      executionId: loaded.executionId,
      dedupKey: `${loaded.executionId}/${key}/${occurrence}/date/${nowDueAt}`,
      title: `"${step?.name ?? key}" went out for another date`.slice(0, 500),
      description: `It was sent for ${dueAt.slice(0, 10)}; by the date as it is now it would be ${nowDueAt.slice(0, 10)}. Look whether the couple should be told.`,
      assigneeRole: 'owner',
      dueAt: null,
    });
  }
  const settling = tasks.filter((task) => !due.includes(task)).map((task) => Date.parse(task.from));
  if (settling.length === 0 || next.kind !== 'wait') return next;
  const settlesMs = Math.min(...settling);
  return next.untilMs !== null && next.untilMs <= settlesMs ? next : { ...next, untilMs: settlesMs, whenDue: null };
}
