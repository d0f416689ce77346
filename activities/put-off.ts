import { Temporal } from 'temporal-polyfill';

import { limitsOf } from '../channels/sender-settings.ts';
import { dayLimit, daysFrom } from '../channels/sending-limits.ts';
import { takeSendingPlace } from '../db/outgoing.ts';
import type { Trx } from '../db/tenant.ts';
import type { Facts } from '../journeys/facts.ts';
import { localDay } from './local-time.ts';
import type { Delivered } from './message-outcome.ts';

/** How far ahead a place is looked for. */
const DAYS_AHEAD = 60;

/** What a sending limit is asked with. */
export interface Limiting {
  /** ISO instant. */
  readonly now: string;
  readonly organization: Facts['organization'];
  /** Of the organization's sender, as stored. */
  readonly settings: unknown;
  /** The platform's account, where it is used and limited. */
  readonly provider: string | null;
  /** Goes today in any case, and counts. */
  readonly isUrgent: boolean;
}

/** True where there is a limit at all, of the organization or of the platform. */
export function isLimited({ settings, provider }: Limiting): boolean {
  const { dailyLimit, warmUpOn } = limitsOf(settings);
  return dailyLimit !== undefined || warmUpOn !== undefined || provider !== null;
}

/**
 * Asks the sending limits, where there are any ({@link isLimited}), for a place: of the organization (a number of messages
 * a day, a warm-up) and of the platform's account at the provider. Where today is full the message gets a place of its own
 * on the first day that has one, so that what comes later does not overtake it.
 *
 * @returns null where it may go today
 */
export async function putOff(
  trx: Trx,
  communicationId: string,
  about: Limiting,
): Promise<Extract<Delivered, { outcome: 'later' }> | null> {
  const limits = limitsOf(about.settings);
  const { zone, defaultTime } = about.organization;
  const today = localDay(about.now, zone);
  const days = daysFrom(today, DAYS_AHEAD);
  const { provider, isUrgent } = about;
  const day = await takeSendingPlace(trx, communicationId, {
    days,
    limits: days.map((one) => dayLimit(limits, one)),
    provider,
    isUrgent,
  });
  if (day !== null && day <= today) return null;
  const until = Temporal.PlainDate.from(day ?? days.at(-1) ?? today)
    .toZonedDateTime({ timeZone: zone, plainTime: defaultTime })
    .toInstant()
    .toString({ smallestUnit: 'second' });
  const own = dayLimit(limits, today);
  const whose =
    own === null
      ? "the platform's limit of the day for this channel is reached"
      : `the limit of ${own} messages for ${today}${limits.warmUpOn === undefined ? '' : ' (a new sender warms up)'} is reached`;
  return { outcome: 'later', until, detail: `Not today: ${whose}.` };
}
