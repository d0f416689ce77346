// Waits: open until their event or their limit has come, whichever is first.
import { anchorOf, forecastOrigin } from './anchors.ts';
import { formatInstant, type Instant } from './calendar.ts';
import type { WaitForStep } from './definition.ts';
import { dueAt, endOfUse, type Origin } from './due.ts';
import { firstEvent } from './journey-events.ts';
import type { Draft, Planning } from './planning.ts';
import { zoneOf } from './recipients.ts';

/** Where a wait stands: when it ends and how, as far as that is known. */
export type WaitStanding = {
  readonly begins: Instant;
  /** When it is over: its event has come, or its limit will; null where neither is known. */
  readonly endsAt: Instant | null;
  /** `null` while it is open. */
  readonly outcome: 'yes' | 'no' | null;
  readonly movable: { readonly changedAt: Instant | null } | null;
};

/**
 * Yes at once when the event has come, also before the wait began; no at the limit, also when the event comes later. A
 * limit that lies before the beginning has come when the wait begins.
 */
export function standingOf(planning: Planning, draft: Draft, step: WaitForStep, origin: Origin): WaitStanding {
  const begins = beginningOf(planning, draft, step, origin);
  const { limit, movable } = limitOf(planning, draft, step, begins);
  const event = firstEvent(planning.events, step.event, step.match);
  if (event && (limit === null || event.at <= limit)) {
    return { begins, endsAt: Math.max(event.at, begins), outcome: 'yes', movable: null };
  }
  const isOver = limit !== null && limit <= planning.now;
  return { begins, endsAt: limit, outcome: isOver ? 'no' : null, movable };
}

/** When a wait begins and ends, for one whose beginning is only a forecast. */
export function forecastWait(planning: Planning, draft: Draft, step: WaitForStep, origin: Origin): Instant | null {
  return limitOf(planning, draft, step, beginningOf(planning, draft, step, origin)).limit;
}

export function endOfWaitUse(draft: Draft, step: WaitForStep, origin: Origin): Instant | null {
  return endOfUse(step.when ?? {}, origin, draft.zone);
}

export function limitText(standing: WaitStanding): string | null {
  return standing.endsAt === null ? null : formatInstant(standing.endsAt);
}

function beginningOf(planning: Planning, draft: Draft, step: WaitForStep, origin: Origin): Instant {
  return dueAt(step, step.when ?? {}, origin, draft.zone, planning.facts.organization).at;
}

function limitOf(
  planning: Planning,
  draft: Draft,
  step: WaitForStep,
  begins: Instant,
): { limit: Instant | null; movable: WaitStanding['movable'] } {
  if (!step.limit) return { limit: null, movable: null };
  const { facts, calendar } = planning;
  const anchored = anchorOf(planning, draft.placed, step.limit, { kind: 'instant', at: begins, day: null });
  const origin = anchored.kind === 'known' ? forecastOrigin(anchored) : null;
  if (!origin) return { limit: null, movable: null };
  const zone = calendar.zone(zoneOf(step, step.limit.zone ?? step.when?.zone, facts));
  const limit = dueAt(step, step.limit, origin, zone, facts.organization).at;
  return {
    limit: Math.max(limit, begins),
    movable: anchored.kind === 'known' ? anchored.movable : null,
  };
}
