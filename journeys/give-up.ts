// When the planner stops waiting for a date or an event that never comes.
import type { Instant } from './calendar.ts';
import { parseKnownDay, parseTime } from './civil.ts';
import { shift } from './offsets.ts';
import type { Planning } from './planning.ts';

/**
 * `closeAfterDays` after the wedding, at the organization's default time in its zone, or after the start of the
 * execution where that is later. Without a date (also while postponed): after the last ended step, else after the start.
 */
export function givingUpAt(planning: Planning): Instant {
  const { organization, client } = planning.facts;
  const zone = planning.calendar.zone(organization.zone);
  const later = (instant: Instant): Instant => shift(zone, instant, { days: organization.closeAfterDays });
  const day = client.postponed ? null : parseKnownDay(client.weddingOn);
  if (day === null) return later(lastEnd(planning) ?? planning.startedAt);
  const wedding = { day: day + organization.closeAfterDays, second: parseTime(organization.defaultTime) };
  return Math.max(zone.instantAt(wedding), later(planning.startedAt));
}

function lastEnd(planning: Planning): Instant | null {
  const ends = planning.tree.placed
    .flatMap(({ step }) => planning.recordsOf(step.key))
    .filter(({ state, endedAt }) => endedAt !== undefined && state !== 'unknown')
    .map(({ endedAt }) => Date.parse(endedAt ?? ''));
  return ends.length === 0 ? null : Math.max(...ends);
}
