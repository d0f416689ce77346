// Repeated steps: when the next occurrence falls due.
import type { Instant, Zone } from './calendar.ts';
import type { Repeat, Step, When } from './definition.ts';
import { momentOf, rhythmDue, type Due } from './due.ts';
import type { Facts } from './facts.ts';
import { addToDay, elapsedMs } from './offsets.ts';

/** Far more than two occurrences can be apart, even where the window is open on one day of the week. */
const MAX_TRIES = 1_000;

/**
 * The first of (first due instant + k times `every`, at the wall time of the first) on a later local day than `after`,
 * the end of the occurrence before; with elapsed units later than it. The day rule and the send window come after that.
 * It keeps its rhythm, and two never fall together: a day rule that goes back onto the day of the occurrence before
 * leaves this beat out.
 */
export function nextInRhythm(
  step: Step & { repeat?: Repeat | undefined },
  first: Instant,
  after: Instant,
  zone: Zone,
  organization: Facts['organization'],
): Due | null {
  const { repeat } = step;
  if (!repeat) return null;
  const when: When = step.when ?? {};
  const elapsed = elapsedMs(repeat.every);
  const start = zone.wallAt(first);
  const afterDay = zone.wallAt(after).day;

  const momentAt = (beat: number) => {
    if (elapsed === null) return momentOf({ day: addToDay(start.day, repeat.every, beat), second: start.second }, zone);
    const at = first + elapsed * beat;
    return { at, wall: zone.wallAt(at) };
  };
  const isLater = (at: Instant): boolean => (elapsed === null ? zone.wallAt(at).day > afterDay : at > after);

  let beat = Math.max(1, elapsed === null ? 1 : Math.floor((after - first) / elapsed) + 1);
  if (elapsed === null) beat = firstBeatAfter(start.day, repeat, afterDay);
  for (let tries = 0; tries < MAX_TRIES; tries++, beat++) {
    const moment = momentAt(beat);
    if (!isLater(moment.at)) continue;
    const due = rhythmDue(step, when, moment, zone, organization);
    if (isLater(due.at)) return due;
  }
  return null;
}

/** A beat not after the one that is looked for, so that a long pause costs no thousand steps. */
function firstBeatAfter(startDay: number, repeat: Repeat, afterDay: number): number {
  const { days = 0, weeks = 0, months = 0 } = repeat.every;
  const longest = days + weeks * 7 + months * 31;
  return Math.max(1, Math.floor((afterDay - startDay) / longest));
}
