// The calendar without zones: days counted from 1970-01-01 and seconds of a day. Days are numbers, because a plan moves
// and compares hundreds of them; zones are the business of calendar.ts.
import type { Weekday } from './definition.ts';

/** A civil date and a wall time: days since 1970-01-01, seconds since midnight. */
export type Wall = { readonly day: number; readonly second: number };

const DAY_MS = 86_400_000;
const WEEKDAYS: readonly Weekday[] = ['thu', 'fri', 'sat', 'sun', 'mon', 'tue', 'wed'];

/** The day of a `YYYY-MM-DD`, or null where the calendar has no such date: 30 February is missing, never 2 March. */
export function parseDay(date: string | null | undefined): number | null {
  if (!date) return null;
  const day = Date.parse(`${date}T00:00:00Z`) / DAY_MS;
  return Number.isInteger(day) && formatDay(day) === date ? day : null;
}

/**
 * The day of a date that somebody wrote down, of the years 1900 to 2199: these leave room for every offset, and whoever
 * writes the year 0000 or 9999 says that there is no date.
 */
export function parseKnownDay(date: string | null | undefined): number | null {
  return date && /^(?:19|20|21)\d{2}-/.test(date) ? parseDay(date) : null;
}

export function formatDay(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, -'T00:00:00.000Z'.length);
}

/** `HH:MM` in seconds since midnight. */
export function parseTime(time: string): number {
  return Number(time.slice(0, 2)) * 3600 + Number(time.slice(3, 5)) * 60;
}

/** `YYYY-MM-DDTHH:MM`. */
export function formatWall(wall: Wall): string {
  return new Date(wall.day * DAY_MS + wall.second * 1000).toISOString().slice(0, -':00.000Z'.length);
}

export function weekdayOf(day: number): Weekday {
  return WEEKDAYS[((day % 7) + 7) % 7] ?? 'thu';
}

/** Months later (or earlier); the end of a month is kept within it: 31 January + 1 month is the last of February. */
export function addMonths(day: number, months: number): number {
  const date = new Date(day * DAY_MS);
  const wanted = date.getUTCDate();
  date.setUTCMonth(date.getUTCMonth() + months);
  // Too short a month lets the date run over into the next one; day 0 of that is the last of the month that was meant.
  if (date.getUTCDate() !== wanted) date.setUTCDate(0);
  return date.getTime() / DAY_MS;
}
