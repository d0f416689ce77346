import { Temporal } from 'temporal-polyfill';

import type { Offset } from '../journeys/definition.ts';

/** The civil date `YYYY-MM-DD` of an instant on the calendar of a zone. */
export function localDay(instant: string, zone: string): string {
  return Temporal.Instant.from(instant).toZonedDateTimeISO(zone).toPlainDate().toString();
}

/**
 * An instant plus an offset: minutes and hours are elapsed time, the others are counted on the calendar of the zone and
 * keep the wall time.
 *
 * @returns ISO instant to the second
 */
export function later(instant: string, offset: Offset, zone: string): string {
  return Temporal.Instant.from(instant)
    .toZonedDateTimeISO(zone)
    .add(offset)
    .toInstant()
    .toString({ smallestUnit: 'second' });
}
