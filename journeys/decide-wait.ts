// Decides on waits: open, or over with an answer that is still to be recorded.
import type { Anchored } from './anchors.ts';
import { createCandidate } from './candidates.ts';
import type { FieldReader } from './conditions.ts';
import { formatInstant } from './calendar.ts';
import { decide } from './decide.ts';
import type { WaitForStep } from './definition.ts';
import { givingUpAt } from './give-up.ts';
import type { Draft, Planning, Verdict } from './planning.ts';
import { endOfWaitUse, limitText, standingOf } from './wait-for.ts';

/**
 * @returns the verdict; `draft.due` becomes the moment its event has come, or its limit
 */
export function decideWait(
  planning: Planning,
  read: FieldReader,
  draft: Draft,
  step: WaitForStep,
  anchored: Extract<Anchored, { kind: 'known' }>,
): Verdict {
  const standing = standingOf(planning, draft, step, anchored.origin);
  const { endsAt, outcome, movable } = standing;
  draft.endOfUse = endOfWaitUse(draft, step, anchored.origin);
  draft.due = endsAt === null ? null : { at: endsAt, reason: { code: 'on_time' } };
  const counted: Anchored = movable ? { ...anchored, movable } : anchored;
  if (draft.due && outcome !== null) {
    return decide(planning, createCandidate(planning, read, draft, draft.due, counted));
  }
  if (draft.endOfUse !== null && planning.now >= draft.endOfUse) {
    return {
      kind: 'skip',
      at: draft.endOfUse,
      reason: { code: 'past_useful', usefulUntil: formatInstant(draft.endOfUse) },
    };
  }
  const reason = { code: 'waiting_for_event', event: step.event, until: limitText(standing) } as const;
  const ends = endsAt ?? givingUpAt(planning);
  if (endsAt === null && planning.now >= ends) {
    return { kind: 'skip', at: ends, reason: { code: 'never_came', field: `event:${step.event}` } };
  }
  return { kind: 'waiting', reason, dependsOn: null, wakesAt: Math.min(ends, draft.endOfUse ?? Infinity) };
}
