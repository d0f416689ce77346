import ical, { ICalCalendarMethod, ICalEventStatus } from 'ical-generator';
import { z } from 'zod';
import type { EmailMessage } from './email-message.ts';

const civilDate = z.iso.date();
const oneLine = z.string().min(1).max(300);

export const calendarEntrySchema = z.strictObject({
  /** What the entry stands for; the same id is the same entry in the couple's calendar, whatever changes. */
  id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  /** 0 at first, one more with each change: calendars ignore what is not newer (RFC 5545 3.8.7.4). */
  sequence: z.number().int().min(0),
  state: z.enum(['confirmed', 'cancelled']).default('confirmed'),
  title: oneLine,
  description: z.string().max(2_000).optional(),
  location: oneLine.optional(),
  when: z.union([
    /** A whole day, such as the wedding; in no zone. */
    z.strictObject({ on: civilDate }),
    /** ISO 8601 instants; written in UTC, so no calendar has to know our zones. */
    z.strictObject({ from: z.iso.datetime({ offset: true }), to: z.iso.datetime({ offset: true }) }),
  ]),
  /** Whom answers go to: the sender of the mail. */
  organizer: z.strictObject({ name: oneLine, address: z.email() }),
  /** The recipient of the mail. */
  attendee: z.strictObject({ name: oneLine.optional(), address: z.email() }),
  /** When it was written, ISO 8601 (RFC 5545 DTSTAMP); the same message composed again is the same to the byte. */
  writtenAt: z.iso.datetime({ offset: true }),
  url: z.url().optional(),
});

export type CalendarEntry = z.input<typeof calendarEntrySchema>;

/**
 * A calendar entry to send along with a mail (RFC 5545, RFC 6047). Sent again with the same id and a higher sequence it
 * moves the entry that the couple has; with `cancelled` it takes it out.
 *
 * @param domain the sender's mail domain, part of the entry's UID
 */
export function calendarEntry(given: CalendarEntry, domain: string): NonNullable<EmailMessage['calendar']> {
  const entry = calendarEntrySchema.parse(given);
  const cancelled = entry.state === 'cancelled';
  const method = cancelled ? 'CANCEL' : 'REQUEST';
  const calendar = ical({
    prodId: { company: 'WedSync', product: 'Journeys', language: 'EN' },
    method: cancelled ? ICalCalendarMethod.CANCEL : ICalCalendarMethod.REQUEST,
  });
  calendar.createEvent({
    id: `${entry.id}@${domain}`,
    sequence: entry.sequence,
    status: cancelled ? ICalEventStatus.CANCELLED : ICalEventStatus.CONFIRMED,
    stamp: new Date(entry.writtenAt),
    ...timesOf(entry.when),
    summary: entry.title,
    ...(entry.description === undefined ? {} : { description: entry.description }),
    ...(entry.location === undefined ? {} : { location: entry.location }),
    ...(entry.url === undefined ? {} : { url: entry.url }),
    organizer: { name: entry.organizer.name, email: entry.organizer.address },
    attendees: [
      { email: entry.attendee.address, ...(entry.attendee.name === undefined ? {} : { name: entry.attendee.name }) },
    ],
  });
  return { method, content: calendar.toString() };
}

function timesOf(when: z.output<typeof calendarEntrySchema>['when']): {
  start: Date;
  end?: Date;
  allDay?: true;
  timezone?: string;
} {
  if ('on' in when) return { start: new Date(`${when.on}T00:00:00Z`), allDay: true, timezone: 'UTC' };
  return { start: new Date(when.from), end: new Date(when.to) };
}
