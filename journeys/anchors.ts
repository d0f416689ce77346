// What a step counts from: a date in the facts, an instant that has come, or the end of another step.
import type { Instant } from './calendar.ts';
import { parseKnownDay, parseTime } from './civil.ts';
import type { When } from './definition.ts';
import type { Origin } from './due.ts';
import { endOfBlock, endOfStep, type Ending } from './endings.ts';
import { firstEvent } from './journey-events.ts';
import type { Placed } from './journey-tree.ts';
import { elapsedMs } from './offsets.ts';
import { choosePayment } from './payments.ts';
import type { Planning } from './planning.ts';

/** A date that somebody can move, and when that was done last, where the facts say so. */
export type Movable = { readonly changedAt: Instant | null };

export type Anchored =
  | {
      readonly kind: 'known';
      readonly origin: Origin;
      /** Null for an instant: what has happened does not move. */
      readonly movable: Movable | null;
      /** The step it counts from, if it counts from one. */
      readonly from: Placed | null;
      readonly fromStart: boolean;
    }
  | { readonly kind: 'missing'; readonly field: string; readonly movable: Movable | null }
  | { readonly kind: 'postponed' }
  | { readonly kind: 'open'; readonly step: string; readonly forecast: () => Instant | null }
  | { readonly kind: 'not_taken'; readonly step: string };

/**
 * Finds the anchor of `when`. Without one a step counts from the previous step, a closing step from the stop, a limit
 * (`fallback`) from the beginning of its wait.
 */
export function anchorOf(planning: Planning, placed: Placed, when: When, fallback?: Origin): Anchored {
  const { facts } = planning;
  const { anchor } = when;
  if (anchor === undefined && fallback) return known(fallback);
  if (anchor === undefined && placed.closing) return instant(planning.stop?.at ?? planning.now);
  if (anchor === undefined || anchor === 'previous_step') return previousStep(planning, placed);
  if (anchor === 'journey_start') return instant(planning.startedAt, { fromStart: true });
  if (anchor === 'wedding_date') return wedding(planning, when);
  const [kind, name = ''] = splitOnce(anchor);
  switch (kind) {
    case 'payment_due':
      return paymentDue(planning, name || undefined);
    case 'date':
      return date(facts.client.dates[name], `client.dates.${name}`, null);
    case 'event': {
      const event = firstEvent(planning.events, name, undefined);
      return event ? instant(event.at) : { kind: 'missing', field: `event:${name}`, movable: null };
    }
    default: {
      const step = planning.tree.find(name);
      return step ? fromEnding(endOfStep(planning, step), step) : { kind: 'missing', field: anchor, movable: null };
    }
  }
}

/** The anchor as a forecast, where it is the end of a step that has not ended. */
export function forecastOrigin(anchored: Anchored): Origin | null {
  if (anchored.kind === 'known') return anchored.origin;
  const at = anchored.kind === 'open' ? anchored.forecast() : null;
  return at === null ? null : { kind: 'instant', at, day: null };
}

function wedding(planning: Planning, when: When): Anchored {
  const { client, organization } = planning.facts;
  const movable = { changedAt: parseInstant(client.weddingChangedAt) };
  if (client.postponed) return { kind: 'postponed' };
  const day = parseKnownDay(client.weddingOn);
  if (day === null) return { kind: 'missing', field: 'client.weddingOn', movable };
  const zone = planning.calendar.zone(client.weddingZone ?? organization.zone);
  const { weddingTime } = client;
  const at = weddingTime === null ? null : zone.instantAt({ day, second: parseTime(weddingTime) });
  if (elapsedMs(when.offset) === null) return known({ kind: 'date', day, at }, { movable });
  if (at === null) return { kind: 'missing', field: 'client.weddingTime', movable };
  return known({ kind: 'instant', at, day }, { movable });
}

function paymentDue(planning: Planning, kind: string | undefined): Anchored {
  const payment = choosePayment(planning.facts, kind);
  const field = kind === undefined ? 'payment.dueOn' : `payment.${kind}.dueOn`;
  return date(payment?.dueOn, field, parseInstant(payment?.dueChangedAt));
}

function date(value: string | null | undefined, field: string, changedAt: Instant | null): Anchored {
  const day = parseKnownDay(value);
  const movable = { changedAt };
  return day === null ? { kind: 'missing', field, movable } : known({ kind: 'date', day, at: null }, { movable });
}

/**
 * The step before it in the list on the same arm, passing over what was not taken; for the first on an arm the condition;
 * for the first of all the start of the journey (of a closing step: the stop).
 */
function previousStep(planning: Planning, placed: Placed): Anchored {
  for (const earlier of planning.tree.before(placed)) {
    const ending = endOfBlock(planning, earlier);
    if (ending.kind !== 'not_taken') return fromEnding(ending, earlier);
  }
  const parent = placed.step.in && planning.tree.find(placed.step.in.step);
  if (parent) return fromEnding(endOfStep(planning, parent), parent);
  return placed.closing ? instant(planning.stop?.at ?? planning.now) : instant(planning.startedAt, { fromStart: true });
}

function fromEnding(ending: Ending, from: Placed): Anchored {
  return ending.kind === 'ended' ? instant(ending.at, { from }) : ending;
}

type Known = Extract<Anchored, { kind: 'known' }>;

function instant(at: Instant, more: Partial<Known> = {}): Anchored {
  return known({ kind: 'instant', at, day: null }, more);
}

function known(origin: Origin, more: Partial<Known> = {}): Anchored {
  return { kind: 'known', origin, movable: null, from: null, fromStart: false, ...more };
}

function parseInstant(text: string | undefined): Instant | null {
  return text === undefined ? null : Date.parse(text);
}

function splitOnce(anchor: string): [string, string?] {
  const colon = anchor.indexOf(':');
  return colon === -1 ? [anchor] : [anchor.slice(0, colon), anchor.slice(colon + 1)];
}
