// On which days something may happen: the day rule of a step, and the send window of an organization.
import { parseDay, parseTime, weekdayOf, type Wall } from './civil.ts';
import type { When } from './definition.ts';
import type { Facts } from './facts.ts';

export type DayTest = (day: number) => boolean;

type Organization = Facts['organization'];
export type SendWindow = NonNullable<Organization['sendWindow']>;

const WEEKEND = new Set(['sat', 'sun']);

/** The day rule of a step, or null where any day will do. */
export function dayRule(days: When['days'], organization: Organization): DayTest | null {
  if (days === undefined || days === 'any') return null;
  if (days === 'weekdays') return (day) => !WEEKEND.has(weekdayOf(day));
  if (days === 'working') {
    const closed = closedDaysOf(organization);
    return (day) => organization.workingDays.includes(weekdayOf(day)) && !closed.has(day);
  }
  return (day) => days.includes(weekdayOf(day));
}

/** The closed days as numbers: asked for every occurrence of every step, and the same all the while. */
function closedDaysOf(organization: Organization): ReadonlySet<number | null> {
  const known = CLOSED_DAYS.get(organization);
  if (known) return known;
  const days = new Set(organization.closedOn.map(parseDay));
  CLOSED_DAYS.set(organization, days);
  return days;
}

const CLOSED_DAYS = new WeakMap<Organization, ReadonlySet<number | null>>();

/** Ten years of closed days: whoever is closed longer has no next working day. */
const FARTHEST = 3_660;

/** The nearest allowed day in one direction, itself included; the day itself where there is none. */
export function nearestDay(allowed: DayTest, day: number, direction: 1 | -1): number {
  for (let away = 0; away < FARTHEST; away++) {
    const candidate = day + direction * away;
    if (allowed(candidate)) return candidate;
  }
  return day;
}

/** The same moment where the window is open; before `from` that day's `from`, otherwise the next allowed day's. */
export function nextOpening(window: SendWindow, wall: Wall): Wall {
  const from = parseTime(window.from);
  const allowed: DayTest = (day) => window.days.includes(weekdayOf(day));
  if (!allowed(wall.day) || wall.second >= parseTime(window.to)) {
    return { day: nearestDay(allowed, wall.day + 1, 1), second: from };
  }
  return wall.second < from ? { day: wall.day, second: from } : wall;
}
