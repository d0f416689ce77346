import type { ClientStatus } from '../../db/domain.ts';
import { errorIn, nothing, plain, refused, type Read } from './findings.ts';

const STATUSES: readonly ClientStatus[] = ['lead', 'booked', 'married', 'cancelled', 'archived'];

/** Where the booking stands; a file without it has leads. */
export function readStatus(text: string): Read<ClientStatus> {
  if (text === '') return nothing;
  const status = STATUSES.find((known) => known === text.toLowerCase());
  if (status !== undefined) return plain(status);
  return refused(
    errorIn('status', 'status_unknown', `unknown status '${text}'; use lead, booked, married or archived`),
  );
}

/** Wall time of the ceremony: 14:00, 14.00, 2 pm, 2:30pm. */
export function readTime(text: string): Read<string> {
  if (text === '') return nothing;
  const match = /^(\d{1,2})(?:[:.h](\d{2}))?(?::\d{2})?\s*(am|pm)?$/i.exec(text);
  const [, hours = '', minutes, half] = match ?? [];
  const written = match !== null && (minutes !== undefined || half !== undefined);
  const hour = toHour(Number(hours), half?.toLowerCase());
  const minute = Number(minutes ?? 0);
  if (!written || hour === null || minute > 59) {
    return refused(
      errorIn(
        'wedding_time',
        'time_invalid',
        `${text} is not a time of day; write the ceremony's start as HH:MM between 00:00 and 23:59`,
      ),
    );
  }
  return plain(`${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);
}

function toHour(hour: number, half: string | undefined): number | null {
  if (half === undefined) return hour <= 23 ? hour : null;
  if (hour < 1 || hour > 12) return null;
  return (hour % 12) + (half === 'pm' ? 12 : 0);
}

export function readGuests(text: string): Read<number> {
  if (text === '') return nothing;
  const digits = /^\d{1,3}(,\d{3})+$/.test(text) ? text.replaceAll(',', '') : text;
  if (/^\d{1,6}$/.test(digits) && Number(digits) <= 100_000) return plain(Number(digits));
  const number = /\d+/.exec(text)?.[0];
  const advice = number === undefined ? 'write it in digits or leave it empty' : `write ${number} or leave it empty`;
  return refused(errorIn('guest_count', 'guests_invalid', `'${text}' is not a whole number of guests; ${advice}`));
}
