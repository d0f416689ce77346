// What keeps a due step from going although nothing speaks against it: a pause, or a date that is still being typed.
import { formatInstant, type Instant } from './calendar.ts';
import type { Placed } from './journey-tree.ts';
import { plannedAtOf } from './lateness.ts';
import type { Draft, Planning } from './planning.ts';
import type { HeldReason } from './reasons.ts';

/** The pause that holds a step, or null. A hold of a channel holds its messages only. */
export function pauseOf(planning: Planning, placed: Placed): HeldReason | null {
  const { execution, client, organization } = planning.facts;
  const hold = execution.holds.find(
    (one) => Date.parse(one.since) <= planning.now && (one.scope !== 'channel' || one.channel === placed.step.type),
  );
  if (hold) {
    return {
      code: 'paused',
      scope: hold.scope,
      ...(hold.channel !== undefined && { channel: hold.channel }),
      ...(hold.reason !== undefined && { why: hold.reason }),
    };
  }
  if (execution.status === 'paused') return { code: 'paused', scope: 'execution' };
  return client.postponed && organization.holdWhenPostponed ? { code: 'paused', scope: 'postponed' } : null;
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
