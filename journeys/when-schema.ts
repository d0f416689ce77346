// When a step happens: an anchor, an offset from it, a time of day, allowed days, and what holds if that is past.
import { z } from 'zod';
import { isTimeZone, oneOf, pattern, shown, strict, WallTime } from './words.ts';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** A day of the week. */
export const Weekday = oneOf(DAYS).meta({ id: 'weekday' });
export type Weekday = z.infer<typeof Weekday>;

/** A hundred years: far beyond any wedding, and near enough for every calendar computation to stay in range. */
const LARGEST = { minutes: 52_600_000, hours: 876_600, days: 36_525, weeks: 5_218, months: 1_200 } as const;
const UNITS = ['minutes', 'hours', 'days', 'weeks', 'months'] as const;
type Unit = (typeof UNITS)[number];

/** What each kind of offset is called in the JSON Schema. */
const OFFSET_NAMES = { any: 'offset', zero: 'duration', one: 'interval' } as const;

function offsetOf(smallest: 'any' | 'zero' | 'one') {
  const amount = (unit: Unit): z.ZodOptional<z.ZodNumber> =>
    z
      .int({ error: (issue) => `${shown(issue.input)} is not a whole number.` })
      .min(smallest === 'any' ? -LARGEST[unit] : smallest === 'zero' ? 0 : 1, {
        error: smallest === 'any' ? 'Is more than a hundred years.' : `Must be ${smallest === 'zero' ? 0 : 1} or more.`,
      })
      .max(LARGEST[unit], { error: 'Is more than a hundred years.' })
      .optional();
  return strict({
    minutes: amount('minutes'),
    hours: amount('hours'),
    days: amount('days'),
    weeks: amount('weeks'),
    months: amount('months'),
  })
    .refine((offset) => UNITS.filter((unit) => offset[unit] !== undefined).length === 1, {
      params: { code: 'one_unit' },
      error: 'Needs exactly one of minutes, hours, days, weeks, months.',
    })
    .meta({ id: OFFSET_NAMES[smallest], minProperties: 1, maxProperties: 1 });
}

/** Exactly one unit. Minutes and hours are elapsed time; days, weeks and months are counted in the calendar. */
export const Offset = offsetOf('any');
export type Offset = z.infer<typeof Offset>;

/** True for minutes and hours, which are counted on the clock and not in the calendar. */
export function isElapsed(offset: Offset | undefined): boolean {
  return offset?.minutes !== undefined || offset?.hours !== undefined;
}

/** The number of whatever unit an offset has; 0 where it has none. */
export function amountOf(offset: Offset): number {
  return offset.minutes ?? offset.hours ?? offset.days ?? offset.weeks ?? offset.months ?? 0;
}

/** An offset that does not go back. */
export const Duration = offsetOf('zero');

/** An offset that goes forward. */
export const Interval = offsetOf('one');

/** Names of custom dates, kinds of payment, custom fields: other programs choose them, so they are freer than keys. */
const NAME = '[A-Za-z][A-Za-z0-9_-]{0,63}';
const EVENT = '[a-z][a-z0-9_]{0,39}(?:\\.[a-z0-9_]{1,40}){0,4}';

/** The name of an event, such as `form.submitted` or `gallery.delivered`. */
export const EventName = pattern(
  new RegExp(`^${EVENT}$`),
  'the name of an event, such as form.submitted or gallery.delivered',
);

export type Anchor =
  | 'previous_step'
  | 'journey_start'
  | 'wedding_date'
  | 'payment_due'
  | `payment_due:${string}`
  | `date:${string}`
  | `step:${string}`
  | `event:${string}`;

const Anchor = pattern(
  new RegExp(
    `^(?:previous_step|journey_start|wedding_date|payment_due(?::${NAME})?|date:${NAME}|step:[a-z][a-z0-9_]{0,39}|event:${EVENT})$`,
  ),
  'something to count from: previous_step, journey_start, wedding_date, payment_due, payment_due:<kind>, date:<name>, step:<key> or event:<name>',
  ['previous_step', 'journey_start', 'wedding_date', 'payment_due'],
)
  .meta({
    examples: [
      'wedding_date',
      'journey_start',
      'previous_step',
      'payment_due',
      'payment_due:balance',
      'date:tasting',
      'step:welcome',
      'event:gallery.delivered',
    ],
  })
  .pipe(z.custom<Anchor>());

const Zone = pattern(
  /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/,
  'wedding, recipient, organization or a zone such as "Europe/London"',
).refine((zone) => zone === 'wedding' || zone === 'recipient' || zone === 'organization' || isTimeZone(zone), {
  error: (issue) =>
    `${shown(issue.input)} is neither wedding, recipient nor organization, nor a zone of the IANA database such as "Europe/London".`,
});

const Days = z.union(
  [
    z.enum(['any', 'weekdays', 'working']),
    z
      .array(oneOf(DAYS))
      .min(1, { error: 'Name at least one day, or write any.' })
      .max(7, { error: 'A week has seven days.' })
      .refine((days) => new Set(days).size === days.length, { error: 'Names a day twice.' }),
  ],
  {
    error: (issue) =>
      `${shown(issue.input)} names no days: write any, weekdays, working, or a list such as [mon, tue].`,
  },
);

const IfPast = z.union([z.enum(['skip', 'send_now', 'latest', 'ask']), strict({ within: Duration })], {
  error: (issue) =>
    `${shown(issue.input)} is not known here: write skip, send_now, latest, ask, or { within: { days: 2 } }.`,
});
export type IfPast = z.infer<typeof IfPast>;

/** The time of a step. What is left out follows the rules of the planner. */
export const When = strict({
  anchor: Anchor.optional(),
  offset: Offset.optional(),
  at: WallTime.optional(),
  days: Days.optional(),
  roll: oneOf(['forward', 'backward']).optional(),
  zone: Zone.optional(),
  ifPast: IfPast.optional(),
  ifMissing: oneOf(['wait', 'skip']).optional(),
  usefulUntil: Offset.optional(),
  whenPaid: oneOf(['skip', 'send']).optional(),
}).meta({ id: 'when' });
export type When = z.infer<typeof When>;
