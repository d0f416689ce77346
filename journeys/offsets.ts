// Offsets: minutes and hours are elapsed time; days, weeks and months are added to the civil date and keep the wall time.
import type { Instant, Zone } from './calendar.ts';
import { addMonths } from './civil.ts';
import type { Offset } from './definition.ts';

/** Milliseconds of an offset in minutes or hours; null of one that is counted in the calendar. */
export function elapsedMs(offset: Offset | undefined): number | null {
  if (offset?.minutes !== undefined) return offset.minutes * 60_000;
  if (offset?.hours !== undefined) return offset.hours * 3_600_000;
  return null;
}

/** The day that many days, weeks or months later; the same day for an elapsed offset or none. */
export function addToDay(day: number, offset: Offset | undefined, times = 1): number {
  if (offset?.days !== undefined) return day + offset.days * times;
  if (offset?.weeks !== undefined) return day + offset.weeks * 7 * times;
  if (offset?.months !== undefined) return addMonths(day, offset.months * times);
  return day;
}

export function isNegative(offset: Offset | undefined): boolean {
  if (!offset) return false;
  return Object.values(offset).some((amount) => amount !== undefined && amount < 0);
}

/** `instant` and an offset, forward (`sign` 1) or back (-1), in the calendar of `zone` where the unit asks for it. */
export function shift(zone: Zone, instant: Instant, offset: Offset, sign: 1 | -1 = 1): Instant {
  const elapsed = elapsedMs(offset);
  if (elapsed !== null) return instant + sign * elapsed;
  const wall = zone.wallAt(instant);
  const day = addToDay(wall.day, offset, sign);
  return day === wall.day ? instant : zone.instantAt({ day, second: wall.second });
}
