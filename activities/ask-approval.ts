import { addNotification, requestApproval } from '../db/team-work.ts';
import type { Trx } from '../db/tenant.ts';
import { explain } from '../journeys/explain.ts';
import type { PlannedStep } from '../journeys/plan.ts';
import type { NextAction } from './next-action.ts';
import type { PlannedExecution } from './plan-execution.ts';

/** So long before the deadline somebody is reminded at the earliest. */
const REMINDED_MS = 24 * 3_600_000;

/**
 * Tells the team that a message waits for its OK, or a late step for an answer; once more when the deadline is a day
 * away, or half of the time is over where it is shorter. The same question is asked once, however often the plan is drawn up.
 *
 * @returns the next action, with the moment of a reminder that is still to come
 */
export async function askApproval(
  trx: Trx,
  { loaded, plan, now }: PlannedExecution,
  next: NextAction,
): Promise<NextAction> {
  let remindMs = Infinity;
  for (const line of plan.steps) {
    const { reason } = line;
    if (reason.code === 'needs_answer') await ask(line, 'needs an answer', 'answer');
    if (reason.code !== 'needs_approval') continue;
    const { key, occurrence } = line;
    const request = { key, occurrence, at: now, deadlineAt: reason.until };
    const askedMs = await requestApproval(trx, loaded.executionId, request);
    await ask(line, 'needs your OK', 'approval');
    const reminderMs = reminderOf(askedMs, Date.parse(reason.until));
    if (reminderMs <= Date.parse(now)) await ask(line, 'still needs your OK', 'reminder');
    else remindMs = Math.min(remindMs, reminderMs);
  }
  if (next.kind !== 'wait' || remindMs === Infinity) return next;
  return next.untilMs !== null && next.untilMs <= remindMs ? next : { ...next, untilMs: remindMs, whenDue: null };

  async function ask(line: PlannedStep, words: string, what: string): Promise<void> {
    const { clientId, executionId, definition } = loaded;
    const step = [...definition.steps, ...(definition.closing ?? [])].find(({ key }) => key === line.key);
    await addNotification(trx, {
      clientId,
      executionId,
      dedupKey: `${executionId}/${line.key}/${line.occurrence}/${what}`,
      title: `"${step?.name ?? line.key}" ${words}`.slice(0, 500),
      body: explain(line),
      to: 'owner',
    });
  }
}

/** To the second, as the plan counts. */
function reminderOf(askedMs: number, deadlineMs: number): number {
  const beforeMs = Math.min(REMINDED_MS, Math.max(0, deadlineMs - askedMs) / 2);
  return Math.ceil((deadlineMs - beforeMs) / 1_000) * 1_000;
}
