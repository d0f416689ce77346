// Zones: from an instant to the wall clock and back. The zone data is that of temporal-polyfill; what it says about a
// zone is remembered for one plan, which asks about the same few weeks again and again.
import { Temporal } from 'temporal-polyfill';
import { formatWall, type Wall } from './civil.ts';

/** Milliseconds since 1970-01-01T00:00:00Z, in whole seconds. */
export type Instant = number;

export type Zone = {
  readonly id: string;
  wallAt(instant: Instant): Wall;
  /**
   * The instant at which the clock shows `wall`. A time that does not exist is read with the offset before the change
   * (01:30 becomes 02:30 in London in March); of one that exists twice it is the first: `disambiguation: 'compatible'`
   * of TC39 Temporal and RFC 5545.
   */
  instantAt(wall: Wall): Instant;
};

export type Calendar = { zone(id: string): Zone };

/** A calendar that remembers what it has computed; make one for a plan, or one for many plans in a row. */
export function createCalendar(): Calendar {
  const zones = new Map<string, Zone>();
  return {
    zone(id) {
      const known = zones.get(id);
      if (known) return known;
      const zone = createZone(id);
      zones.set(id, zone);
      return zone;
    },
  };
}

/** From `from` (inclusive) to `to` (exclusive) the zone is `offset` milliseconds ahead of UTC. */
type Span = { from: Instant; to: Instant; offset: number };

const DAY_MS = 86_400_000;

function createZone(id: string): Zone {
  const spans: Span[] = [];

  function spanAt(instant: Instant): Span {
    const known = spans.find((span) => span.from <= instant && instant < span.to);
    if (known) return known;
    const here = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(id);
    const next = here.getTimeZoneTransition('next');
    // One second on, because "previous" leaves out a transition at the very instant.
    const previous = here.add({ seconds: 1 }).getTimeZoneTransition('previous');
    const span = {
      from: previous?.epochMilliseconds ?? -Infinity,
      to: next?.epochMilliseconds ?? Infinity,
      offset: Math.round(here.offsetNanoseconds / 1e6),
    };
    spans.push(span);
    return span;
  }

  return {
    id,
    wallAt(instant) {
      const local = instant + spanAt(instant).offset;
      const day = Math.floor(local / DAY_MS);
      return { day, second: Math.floor((local - day * DAY_MS) / 1000) };
    },
    instantAt(wall) {
      const local = wall.day * DAY_MS + wall.second * 1000;
      // No offset is larger than a day, so the span a day before is the earliest that can hold this wall time.
      const before = spanAt(local - DAY_MS);
      const first = local - before.offset;
      if (first < before.to) return first;
      const after = spanAt(before.to);
      const second = local - after.offset;
      if (second < before.to) return first;
      if (second < after.to) return second;
      return Temporal.Instant.fromEpochMilliseconds(local)
        .toZonedDateTimeISO('UTC')
        .toPlainDateTime()
        .toZonedDateTime(id, { disambiguation: 'compatible' }).epochMilliseconds;
    },
  };
}

/** `2027-06-12T08:00:00Z` */
export function formatInstant(instant: Instant): string {
  return `${new Date(instant).toISOString().slice(0, -'.000Z'.length)}Z`;
}

/** `YYYY-MM-DDTHH:MM` on the wall clock of `zone`. */
export function formatLocal(zone: Zone, instant: Instant): string {
  return formatWall(zone.wallAt(instant));
}
