// The small words of which definitions and facts are made: keys, dates, times, zones. Each refuses with a sentence
// that says what was expected, because zod's own ("Invalid string: must match pattern") help nobody.
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { parseKnownDay } from './civil.ts';
import { didYouMean } from './did-you-mean.ts';
import { clip } from './problem.ts';

/** What was found, so that it can be shown in a message. */
export function shown(input: unknown): string {
  if (input === undefined) return 'nothing';
  if (typeof input === 'string') return JSON.stringify(clip(input));
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object' && input !== null) return 'an object';
  if (typeof input === 'number' || typeof input === 'boolean' || input === null) return String(input);
  return `a ${typeof input}`;
}

/**
 * A regular expression with the sentence that explains it, and words of which one may have been meant. The expressions
 * are anchored and without nested repeats, so that no text makes them slow.
 */
export function pattern(expression: RegExp, expected: string, words: readonly string[] = []): z.ZodString {
  const error = (issue: { input?: unknown }): string => {
    if (issue.input === undefined) return `Missing: ${expected} is needed here.`;
    const meant = typeof issue.input === 'string' ? didYouMean(issue.input, words) : null;
    return `${shown(issue.input)} is not ${expected}.${meant ? ` Did you mean "${meant}"?` : ''}`;
  };
  return z.string({ error }).regex(expression, { error, abort: true });
}

/** Text of at least one and at most `max` characters. */
export function text(max: number): z.ZodString {
  return z
    .string({ error: (issue) => (issue.input === undefined ? 'Missing: a text is needed here.' : 'Must be a text.') })
    .min(1, { error: 'Must not be empty.' })
    .max(max, { error: (issue) => `Has ${lengthOf(issue.input)} characters; at most ${max} fit.` });
}

function lengthOf(input: unknown): number {
  return typeof input === 'string' ? input.length : 0;
}

/** One of a few words, with the nearest one suggested. */
export function oneOf<const T extends readonly [string, ...string[]]>(words: T): z.ZodEnum<{ [K in T[number]]: K }> {
  return z.enum(words, {
    error: (issue) => {
      const expected = words.length === 1 ? words[0] : `one of ${words.join(', ')}`;
      if (issue.input === undefined) return `Missing: must be ${expected}.`;
      const meant = typeof issue.input === 'string' ? didYouMean(issue.input, words) : null;
      return `${shown(issue.input)} is not known here: must be ${expected}.${meant ? ` Did you mean "${meant}"?` : ''}`;
    },
  });
}

/** An object which knows its keys: one it does not know is refused, with the key that was probably meant. */
export function strict<T extends z.core.$ZodLooseShape>(shape: T): z.ZodObject<T, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') return unknownKeys((issue as { keys: string[] }).keys, known);
      return issue.input === undefined
        ? `Missing: an object with ${known.slice(0, 6).join(', ')} is needed here.`
        : `${shown(issue.input)} stands where an object with ${known.slice(0, 6).join(', ')} is needed.`;
    },
  });
}

function unknownKeys(keys: readonly string[], known: readonly string[]): string {
  return keys
    .slice(0, 5)
    .map((key) => {
      const meant = didYouMean(key, known);
      return meant
        ? `"${clip(key)}" is not known here: did you mean "${meant}"?`
        : `"${clip(key)}" is not known here. Known are ${known.join(', ')}.`;
    })
    .join(' ');
}

const KEY_PATTERN = /^[a-z][a-z0-9_]{0,39}$/;

/** The name of a step, stage or role: stable across versions. */
export const Key = pattern(KEY_PATTERN, 'a key: a small letter, then up to 39 small letters, digits or underscores');

/** `HH:MM`, a wall time. */
export const WallTime = pattern(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as "09:00"');

/**
 * `YYYY-MM-DD`. The form is asked for, the calendar is not: 30 February or the year 9999 in somebody's data is a date
 * that is missing, for which a journey waits, and no reason to refuse everything else that is known about a couple.
 */
export const CivilDate = pattern(/^\d{4}-\d{2}-\d{2}$/, 'a date such as "2027-06-12" (year-month-day)');

/** A date which exists. */
export const RealDate = CivilDate.refine(isRealDate, {
  error: (issue) => `${shown(issue.input)} does not exist in the calendar of the years 1900 to 2199.`,
});

/** True for a `YYYY-MM-DD` that is in the calendar, of the years that leave room for every offset. */
export function isRealDate(date: string): boolean {
  return parseKnownDay(date) !== null;
}

const CANONICAL_INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/** ISO 8601 with `Z` or an offset (RFC 3339); read as UTC with `Z`, to the second. */
export const Instant = pattern(
  /^(?:19|20|21)\d{2}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/,
  'an instant such as "2026-11-20T10:00:00Z" (a date and time with Z or an offset)',
)
  .refine(isRealInstant, { error: (issue) => `${shown(issue.input)} does not exist in the calendar.` })
  .overwrite((instant) =>
    CANONICAL_INSTANT.test(instant) || !isRealInstant(instant)
      ? instant
      : `${new Date(instant).toISOString().slice(0, 19)}Z`,
  );

function isRealInstant(instant: string): boolean {
  return isRealDate(instant.slice(0, 10)) && !Number.isNaN(Date.parse(instant));
}

/** A zone of the IANA database, as `Europe/London`; fixed offsets are none: they know no summer time. */
export const TimeZone = pattern(/^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+){0,3}$/, 'a zone such as "Europe/London"')
  .max(64, { error: 'Is too long for the name of a zone.' })
  .refine(isTimeZone, { error: (issue) => unknownZone(String(issue.input)) });

/** Known to the zone data of this Node. */
export function isTimeZone(zone: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone);
    return true;
  } catch {
    return false;
  }
}

function unknownZone(zone: string): string {
  const meant = didYouMean(zone, Intl.supportedValuesOf('timeZone'));
  return `"${clip(zone)}" is not a zone of the IANA database.${meant ? ` Did you mean "${meant}"?` : ' An example is "Europe/London".'}`;
}

/** What is said where a schema has no sentence of its own. */
export function plainly(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') {
    const needed = NEEDED[issue.expected] ?? issue.expected;
    return issue.input === undefined
      ? `Missing: ${needed} is needed here.`
      : `${shown(issue.input)} stands where ${needed} is needed.`;
  }
  if (issue.code === 'too_small') return `Too few or too small: at least ${issue.minimum}.`;
  if (issue.code === 'too_big') return `Too many or too large: at most ${issue.maximum}.`;
  return undefined;
}

const NEEDED: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'an object',
  record: 'an object',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};
