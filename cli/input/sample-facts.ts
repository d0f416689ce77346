import { parseFacts, type Facts } from '../../journeys/facts.ts';
import { Moment, toInstant } from '../../journeys/script.ts';
import { CivilDate, isRealDate, isTimeZone } from '../../journeys/words.ts';
import { problemList } from '../output/problems.ts';
import { OperatorError } from '../operator-error.ts';

/** A couple described on the command line: dates as they are written there. */
export type Shorthand = { readonly wedding?: string; readonly booked: string; readonly zone: string };

/**
 * The facts of a couple of whom only the dates are known: everything else has its default, and nobody is asked for
 * addresses or consents. A booking without a time of day is one at nine in the morning.
 */
export function sampleFacts({ wedding, booked, zone }: Shorthand): Facts {
  if (!isTimeZone(zone)) {
    throw new OperatorError(`--zone ${zone} is not a zone of the IANA database. An example is Europe/London.`);
  }
  if (wedding !== undefined) checkDate('--wedding', wedding);
  const result = parseFacts({
    organization: { zone },
    client: { status: 'booked', weddingOn: wedding ?? null, weddingZone: zone },
    execution: { startedAt: instantOf('--booked', booked, zone), trigger: { event: 'client.booked' } },
  });
  if (result.ok) return result.facts;
  throw new OperatorError(`these dates make no couple:\n${problemList(result.problems)}`);
}

/**
 * An instant from the command line: with `Z` or an offset as it stands, otherwise a local time of `zone`, otherwise a
 * date, at nine in the morning.
 */
export function instantOf(option: string, text: string, zone: string): string {
  if (!text.includes('T')) checkDate(option, text);
  const moment = Moment.safeParse(text.includes('T') ? text : `${text}T09:00`);
  if (moment.success) return toInstant(moment.data, zone);
  throw new OperatorError(
    `${option} ${text} is no moment in the calendar. Write 2026-11-20, 2026-11-20T10:00 (local) or 2026-11-20T10:00:00Z.`,
  );
}

function checkDate(option: string, text: string): void {
  if (!CivilDate.safeParse(text).success) {
    throw new OperatorError(`${option} ${text} is no date. Write year-month-day, such as 2027-06-12.`);
  }
  if (!isRealDate(text)) {
    throw new OperatorError(`${option} ${text} does not exist in the calendar of the years 1900 to 2199. Check it.`);
  }
}
