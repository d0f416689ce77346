import { Temporal } from 'temporal-polyfill';

import { errorIn, nothing, plain, refused, type Read } from './findings.ts';

/** How the whole file writes a date in numbers only; undefined: it was not said, and nothing is guessed. */
export type DateOrder = 'day-first' | 'month-first';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** Dates the database takes; a year outside is a slip of the hand. */
const FIRST_YEAR = 1990;
const LAST_YEAR = 2199;

/** `12 June 2027`. */
export function dateInWords(iso: string): string {
  const { day, month, year } = Temporal.PlainDate.from(iso);
  return `${day} ${MONTHS[month - 1]} ${year}`;
}

/**
 * A civil date as people and programs write it. What can be read in two ways is refused, as is what does not exist: a
 * wedding on the wrong day is worse than a row that is not imported.
 */
export function readDate(text: string, order: DateOrder | undefined): Read<string> {
  if (text === '') return nothing;
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text.replaceAll(/[/.]/g, '-'));
  if (iso) return fromParts(text, Number(iso[1]), Number(iso[2]), Number(iso[3]));
  if (/^\d{5}(\.0+)?$/.test(text)) return refused(errorIn('wedding_date', 'date_serial', serialMessage(text)));
  const numbers = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/.exec(text);
  if (numbers) return fromNumbers(text, Number(numbers[1]), Number(numbers[2]), Number(numbers[3]), order);
  const words =
    /^(?:\p{L}+,?\s+)?(\d{1,2})(?:st|nd|rd|th)?\s+(\p{L}{3,9})\.?,?\s+(\d{4})$/u.exec(text) ??
    swapped(/^(\p{L}{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})$/u.exec(text));
  const month = words === null ? 0 : monthOf(words[2] ?? '');
  if (words !== null && month > 0) return fromParts(text, Number(words[3]), month, Number(words[1]));
  return refused(errorIn('wedding_date', 'date_unreadable', unreadableMessage(text, order)));
}

function fromNumbers(text: string, a: number, b: number, year: number, order: DateOrder | undefined): Read<string> {
  if (order === 'day-first') return fromParts(text, year, b, a);
  if (order === 'month-first') return fromParts(text, year, a, b);
  // 25/12/2027 can only be meant one way, but then 06/12/2027 in the same file is not certain either.
  const [first, second] = [MONTHS[b - 1], MONTHS[a - 1]];
  const readings = [first && a <= 31 ? `${a} ${first}` : null, second && b <= 31 && a !== b ? `${b} ${second}` : null];
  const possible = readings.filter((reading) => reading !== null);
  return refused(
    errorIn(
      'wedding_date',
      'date_ambiguous',
      possible.length === 2
        ? `${text} can be read as ${possible.join(' or ')}; choose day-first or month-first for the whole file, nothing is guessed`
        : `${text} does not say whether the day or the month comes first; choose day-first or month-first for the whole file, nothing is guessed`,
    ),
  );
}

function fromParts(text: string, year: number, month: number, day: number): Read<string> {
  const wrong = (code: string, message: string): Read<string> => refused(errorIn('wedding_date', code, message));
  if (month < 1 || month > 12) {
    return wrong('date_month', `${text} has no month ${month}; write the year, then the month, then the day`);
  }
  const name = MONTHS[month - 1];
  if (day < 1 || day > Temporal.PlainYearMonth.from({ year, month }).daysInMonth) {
    const next = MONTHS[month % 12];
    return wrong('date_day', `${day} ${name} ${year} does not exist; it is not moved to ${next}`);
  }
  const date = Temporal.PlainDate.from({ year, month, day }).toString();
  if (['1970-01-01', '1900-01-01', '1899-12-30', '1899-12-31'].includes(date)) {
    return wrong(
      'date_empty',
      `${date} is what other programs write for an empty date; leave the field empty when the date is unknown`,
    );
  }
  if (year < FIRST_YEAR || year > LAST_YEAR) {
    return wrong(
      'date_year',
      `the year ${year} cannot be meant; a wedding date lies between ${FIRST_YEAR} and ${LAST_YEAR}`,
    );
  }
  return plain(date);
}

/** Spreadsheets count days from 30 December 1899. */
function serialMessage(text: string): string {
  const date = Temporal.PlainDate.from('1899-12-30').add({ days: Math.trunc(Number(text)) });
  return `${text} is a spreadsheet's inner number (it would be ${dateInWords(date.toString())}); format the column as text YYYY-MM-DD`;
}

function unreadableMessage(text: string, order: DateOrder | undefined): string {
  const short = /^(\d{1,2})[\s/.-]+(\p{L}{3,9}|\d{1,2})\.?[\s/.,-]+'?(\d{2})$/u.exec(text);
  if (short === null) return `${text} is not a date; write the year, then the month, then the day, as 2027-06-12`;
  const month = monthOf(short[2] ?? '') || (order === 'day-first' ? Number(short[2]) : 0);
  const day = Number(short[1]);
  const known = month >= 1 && month <= 12 && day >= 1 && day <= 31;
  const example = known
    ? `20${short[3]}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
    : 'the year with four, as 2027-06-12';
  return `the year has two digits; write ${example}`;
}

function monthOf(word: string): number {
  const wanted = word.toLowerCase();
  return MONTHS.findIndex((name) => name.toLowerCase() === wanted || name.toLowerCase().slice(0, 3) === wanted) + 1;
}

/** `June 12, 2027` with its parts in the order of `12 June 2027`. */
const swapped = (match: RegExpExecArray | null): (string | undefined)[] | null =>
  match === null ? null : [match[0], match[2], match[1], match[3]];
