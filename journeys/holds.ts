// What keeps a due step from going although nothing speaks against it: a pause, or a date that is still being typed.
import { formatInstant, type Instant } from './calendar.ts';
import type { Facts } from './facts.ts';
import type { Placed } from './journey-tree.ts';
import { plannedAtOf } from './lateness.ts';
import type { Draft, Planning } from './planning.ts';
import type { HeldReason } from './reasons.ts';
import { isToCouple, purposeOf } from './recipients.ts';

/** The pause that holds a step, or null. A hold of a channel, or of some purposes, holds its messages only. */
export function pauseOf(planning: Planning, placed: Placed): HeldReason | null {
  const { execution, client, organization } = planning.facts;
  const hold = execution.holds.find((one) => isOn(planning, one) && holds(planning, one, placed));
  if (hold) {
    return {
      code: 'paused',
      scope: hold.scope,
      ...(hold.channel !== undefined && { channel: hold.channel }),
      ...(hold.until !== undefined && { until: formatInstant(Date.parse(hold.until)) }),
      ...(hold.reason !== undefined && { why: hold.reason }),
    };
  }
  if (execution.status === 'paused') return { code: 'paused', scope: 'execution' };
  return client.postponed && organization.holdWhenPostponed ? { code: 'paused', scope: 'postponed' } : null;
}

/** When a pause ends by itself; null: somebody has to end it. */
export function endOfPause(pause: HeldReason): Instant | null {
  return pause.code === 'paused' && pause.until !== undefined ? Date.parse(pause.until) : null;
}

type Hold = Facts['execution']['holds'][number];

function isOn({ now }: Planning, { since, until }: Hold): boolean {
  return Date.parse(since) <= now && (until === undefined || Date.parse(until) > now);
}

function holds(planning: Planning, hold: Hold, placed: Placed): boolean {
  const { step } = placed;
  if (hold.scope === 'channel' && hold.channel !== step.type) return false;
  if (hold.purposes === undefined) return true;
  if (!isToCouple(step) || !hold.purposes.includes(purposeOf(step))) return false;
  return !answersReply(planning, placed);
}

/** What the supplier wrote as the answer to a reply is the conversation, and goes on while it is held for. */
function answersReply(planning: Planning, placed: Placed): boolean {
  if (planning.facts.execution.trigger?.event === 'reply' || placed.step.when?.anchor === 'event:reply') return true;
  for (let { in: arm } = placed.step; arm !== undefined;) {
    const parent = planning.tree.find(arm.step)?.step;
    if (parent === undefined) return false;
    if (parent.type === 'wait_for' && parent.event === 'reply' && arm.arm === 'yes') return true;
    arm = parent.in;
  }
  return false;
}

/**
 * Until when a step that hangs on a date waits for that date to be still, so that a slip of the hand sends nothing; null
 * where nothing has to settle. What stood in the ledger with the same due instant before the change was not made by it.
 *
 * @param due null where the change took the date away
 */
export function settlesAt(
  planning: Planning,
  draft: Draft,
  due: Instant | null,
  movable: { readonly changedAt: Instant | null } | null,
): Instant | null {
  const changedAt = movable?.changedAt ?? null;
  if (changedAt === null || changedAt > planning.now) return null;
  const settled = changedAt + planning.facts.organization.settleMinutes * 60_000;
  if (planning.now >= settled) return null;
  const isRecorded = typeof draft.record?.plannedAt === 'string';
  return isRecorded && plannedAtOf(planning, draft, due) < changedAt ? null : settled;
}

export function settling(until: Instant): HeldReason {
  return { code: 'settling', until: formatInstant(until) };
}
