import { calendarEntry } from '../../channels/calendar-entry.ts';
import type { EmailMessage } from '../../channels/email-message.ts';
import type { MessageSource } from '../../db/load-message.ts';

/** Makes the calendar entry of a mail, once it is known who sends it to whom. */
export type CalendarOf = (about: {
  /** Address that the mail comes from. */
  readonly organizer: string;
  readonly attendee: { readonly address: string; readonly name: string | null };
  /** When the mail was composed. */
  readonly writtenAt: Date;
}) => NonNullable<EmailMessage['calendar']>;

/**
 * The wedding day for the couple's calendar, where the template asks for it. The id is the same for ever and the
 * sequence grows with every change of the couple's row, so that the mail sent after a moved date moves the entry (RFC
 * 5545 3.8.7.4).
 *
 * @param weddingOn civil date; null while there is none
 */
export function weddingEntry(
  { template, client, organization }: MessageSource,
  clientId: string,
  weddingOn: string | null,
): CalendarOf | null {
  if (template?.calendar !== 'wedding' || weddingOn === null) return null;
  return ({ organizer, attendee, writtenAt }) =>
    calendarEntry(
      {
        id: `wedding-${clientId}`,
        sequence: client.version,
        title: [client.partner1Name, client.partner2Name].filter((one) => one !== '').join(' & ') || 'Wedding',
        ...(client.venue === null ? {} : { location: client.venue }),
        when: { on: weddingOn },
        organizer: { name: organization.name, address: organizer },
        attendee: { address: attendee.address, ...(attendee.name === null ? {} : { name: attendee.name }) },
        writtenAt: writtenAt.toISOString(),
      },
      organizer.slice(organizer.lastIndexOf('@') + 1),
    );
}
