const DAY_MS = 86_400_000;

const FIRST_DAY = 50;
const GROWTH = 1.4;
/** After so many days a sender is known, and the warm-up is over. */
const WARM_UP_DAYS = 30;

/**
 * How many messages a new sender may send on one day of its warm-up: 50 on the first, 1.4 times as many on each next,
 * for 30 days. Mailbox providers take a domain that suddenly writes much for a spammer; the guides of the large ones
 * let the volume grow by a third to a half a day.
 *
 * @param startOn civil date of the first day
 * @param day civil date
 * @returns null where the warm-up is over; before it begins, as on its first day
 */
export function warmUpLimit(startOn: string, day: string): number | null {
  const age = Math.max(0, Math.round((Date.parse(day) - Date.parse(startOn)) / DAY_MS));
  return age >= WARM_UP_DAYS ? null : Math.round(FIRST_DAY * GROWTH ** age);
}

/** What a sender may send on one day: the lower of its limit and its warm-up; null: as much as there is. */
export function dayLimit(
  { dailyLimit, warmUpOn }: { dailyLimit?: number | undefined; warmUpOn?: string | undefined },
  day: string,
): number | null {
  const ramp = warmUpOn === undefined ? null : warmUpLimit(warmUpOn, day);
  if (ramp === null) return dailyLimit ?? null;
  return Math.min(ramp, dailyLimit ?? ramp);
}

/** The civil dates from one on. */
export function daysFrom(day: string, count: number): string[] {
  const first = Date.parse(day);
  return Array.from({ length: count }, (_, index) => new Date(first + index * DAY_MS).toISOString().slice(0, 10));
}
