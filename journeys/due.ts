// When a step falls due: offset, time of day, day rule, send window, in this order; the last two until nothing changes.
import { dayRule, nearestDay, nextOpening, type DayTest, type SendWindow } from './allowed-days.ts';
import type { Instant, Zone } from './calendar.ts';
import { formatDay, formatWall, parseTime, weekdayOf, type Wall } from './civil.ts';
import { isMessage, type Step, type When } from './definition.ts';
import type { Facts } from './facts.ts';
import { addToDay, elapsedMs, isNegative } from './offsets.ts';
import type { PlannedReason } from './reasons.ts';
import { purposeOf } from './recipients.ts';

/** What a step counts from, once it is known: a civil date, or an instant. */
export type Origin =
  /** `at`: the instant within that day from which hours count, where it is known. */
  | { readonly kind: 'date'; readonly day: number; readonly at: Instant | null }
  /** `day`: the civil date it belongs to; null where that is the day it falls on in the step's own zone. */
  | { readonly kind: 'instant'; readonly at: Instant; readonly day: number | null };

/** A due instant, and what moved it there. */
export type Due = { readonly at: Instant; readonly reason: PlannedReason };

type Organization = Facts['organization'];
type Moment = { readonly wall: Wall; readonly at: Instant };

/** The due instant of a step that counts from `origin`, in `zone`. */
export function dueAt(step: Step, when: When, origin: Origin, zone: Zone, organization: Organization): Due {
  const moment =
    origin.kind === 'date' ? fromDate(when, origin.day, zone, organization) : fromInstant(when, origin.at, zone);
  return onAllowedDay(moment, rulesOf(step, when, organization), when.roll ?? defaultRoll(when), zone);
}

/** The day rule and the send window on a moment of a rhythm, which goes forward unless it is told otherwise. */
export function rhythmDue(step: Step, when: When, moment: Moment, zone: Zone, organization: Organization): Due {
  return onAllowedDay(moment, rulesOf(step, when, organization), when.roll ?? 'forward', zone);
}

/** The next moment at or after `at` at which the send window is open for this step. */
export function whenOpen(step: Step, at: Instant, zone: Zone, organization: Organization): Instant {
  const window = windowOf(step, organization);
  if (!window) return at;
  const wall = zone.wallAt(at);
  const opening = nextOpening(window, wall);
  return opening === wall ? at : zone.instantAt(opening);
}

/**
 * The first instant at which a step is no longer useful; null where that has no end or is not known. Calendar units mean
 * the end of that local day.
 */
export function endOfUse(when: When, origin: Origin, zone: Zone): Instant | null {
  const { usefulUntil } = when;
  if (!usefulUntil) return null;
  const elapsed = elapsedMs(usefulUntil);
  // "Until" includes the second itself.
  if (elapsed !== null) return origin.at === null ? null : origin.at + elapsed + 1000;
  const day = origin.kind === 'date' ? origin.day : (origin.day ?? zone.wallAt(origin.at).day);
  return zone.instantAt({ day: addToDay(day, usefulUntil) + 1, second: 0 });
}

function fromDate(when: When, date: number, zone: Zone, organization: Organization): Moment {
  const wall = { day: addToDay(date, when.offset), second: parseTime(when.at ?? organization.defaultTime) };
  return { wall, at: zone.instantAt(wall) };
}

/** An instant keeps its wall time; with `at` it takes that, never going back before what it counts from. */
function fromInstant(when: When, anchor: Instant, zone: Zone): Moment {
  const elapsed = elapsedMs(when.offset);
  const start = anchor + (elapsed ?? 0);
  const wall = zone.wallAt(start);
  const day = addToDay(wall.day, when.offset);
  if (when.at === undefined) {
    return day === wall.day ? { wall, at: start } : momentOf({ day, second: wall.second }, zone);
  }
  const sameDay = momentOf({ day, second: parseTime(when.at) }, zone);
  const mayGoBack = elapsed === null && isNegative(when.offset);
  return sameDay.at >= start || mayGoBack ? sameDay : momentOf({ ...sameDay.wall, day: day + 1 }, zone);
}

export function momentOf(wall: Wall, zone: Zone): Moment {
  return { wall, at: zone.instantAt(wall) };
}

function defaultRoll(when: When): 'forward' | 'backward' {
  return isNegative(when.offset) ? 'backward' : 'forward';
}

type Rules = { days: DayTest | null; window: SendWindow | null; closedOn: readonly string[]; isWorking: boolean };

function rulesOf(step: Step, when: When, organization: Organization): Rules {
  return {
    days: dayRule(when.days, organization),
    window: windowOf(step, organization),
    closedOn: organization.closedOn,
    isWorking: when.days === 'working',
  };
}

/** The window is for messages that are not transactional. */
function windowOf(step: Step, organization: Organization): SendWindow | null {
  return isMessage(step) && purposeOf(step) !== 'transactional' ? organization.sendWindow : null;
}

/** More rounds than this mean that rule and window push the step to and fro. */
const MAX_ROUNDS = 8;

function onAllowedDay(moment: Moment, rules: Rules, roll: 'forward' | 'backward', zone: Zone): Due {
  let { wall, at } = moment;
  let reason: PlannedReason = { code: 'on_time' };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    let isStill = true;
    if (rules.days && !rules.days(wall.day)) {
      reason = { code: 'rolled', from: formatWall(wall), closed: whyClosed(wall.day, rules) };
      wall = { day: nearestDay(rules.days, wall.day, roll === 'forward' ? 1 : -1), second: wall.second };
      at = zone.instantAt(wall);
      isStill = false;
    }
    if (rules.window) {
      const shown = zone.wallAt(at);
      const opening = nextOpening(rules.window, shown);
      if (opening !== shown) {
        reason = { code: 'window', from: formatWall(shown), opens: rules.window.from, closes: rules.window.to };
        wall = opening;
        at = zone.instantAt(wall);
        isStill = false;
      }
    }
    if (isStill) return { at, reason };
  }
  return firstCommonDay(moment, rules, reason, zone);
}

/** Where going back by the day rule and forward by the window has no end: the first later day that suits both. */
function firstCommonDay(moment: Moment, rules: Rules, reason: PlannedReason, zone: Zone): Due {
  const { days, window } = rules;
  if (!days || !window) return { at: moment.at, reason };
  const suits: DayTest = (day) => days(day) && window.days.includes(weekdayOf(day));
  const day = nearestDay(suits, moment.wall.day, 1);
  const second = day === moment.wall.day ? moment.wall.second : parseTime(window.from);
  return { at: zone.instantAt(nextOpening(window, { day, second })), reason };
}

function whyClosed(day: number, rules: Rules): 'weekday' | 'not_working' | 'closed_on' {
  if (!rules.isWorking) return 'weekday';
  return rules.closedOn.includes(formatDay(day)) ? 'closed_on' : 'not_working';
}
