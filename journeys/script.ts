// The script of a rehearsal: what happens from outside, row by row.
import { z } from 'zod';
import { createCalendar, formatInstant } from './calendar.ts';
import { parseDay, parseTime } from './civil.ts';
import { refuseOversized } from './input-limits.ts';
import { problemsOf, type Problem } from './problem.ts';
import { Instant, isRealDate, oneOf, pattern, text, TimeZone } from './words.ts';

/** One thing that happens: `do` is the event, everything else its details. `at` is an instant. */
export type ScriptEvent = {
  readonly at: string;
  readonly do: string;
  readonly details: Readonly<Record<string, unknown>>;
};

const LOCAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2})?$/;

/** A local time such as "2027-04-15T13:00", or an instant with `Z` or an offset. */
export const Moment = z.union([pattern(LOCAL, 'a local time such as "2027-04-15T13:00"').refine(exists), Instant], {
  error: 'Must be a local time such as "2027-04-15T13:00" that is in the calendar, or an instant with Z or an offset.',
});

function exists(local: string): boolean {
  return isRealDate(local.slice(0, 10)) && !Number.isNaN(Date.parse(`${local}Z`));
}

const HOLD_SCOPES = ['organization', 'journey', 'client', 'execution', 'channel'] as const;

export const Row = z
  .object({ at: Moment, do: text(100), zone: TimeZone.optional(), weddingZone: TimeZone.nullable().optional() })
  .loose()
  .superRefine((row, context) => {
    if (row.do !== 'hold' || row['scope'] === undefined) return;
    const scope = oneOf(HOLD_SCOPES).safeParse(row['scope']);
    for (const { message } of scope.error?.issues ?? []) context.addIssue({ code: 'custom', path: ['scope'], message });
  });

const Script = z
  .array(Row, { error: 'Must be a list of rows such as { at: "2027-04-15T13:00", do: form.submitted, form: menu }.' })
  .max(2_000);

export type ScriptResult = { ok: true; script: ScriptEvent[] } | { ok: false; problems: Problem[] };

/** Reads a script that came from outside. @param zone for times without one, unless a row names its own */
export function parseScript(input: unknown, zone: string): ScriptResult {
  const refused = refuseOversized(input);
  if (refused) return { ok: false, problems: [refused] };
  const result = Script.safeParse(input ?? []);
  if (!result.success) return { ok: false, problems: problemsOf(result.error) };
  return { ok: true, script: result.data.map((row) => toEvent(row, zone)) };
}

export function toEvent(row: z.infer<typeof Row>, zone: string): ScriptEvent {
  const { at, do: what, zone: own, ...details } = row;
  const ends = (['until', 'to'] as const).flatMap((key) => {
    const end = details[key];
    return typeof end === 'string' && LOCAL.test(end) ? [[key, toInstant(end, own ?? zone)]] : [];
  });
  return { at: toInstant(at, own ?? zone), do: what, details: { ...details, ...Object.fromEntries(ends) } };
}

/** A local time in `zone`, or an instant as it is. */
export function toInstant(moment: string, zone: string): string {
  if (!LOCAL.test(moment)) return formatInstant(Date.parse(moment));
  const day = parseDay(moment.slice(0, 10)) ?? 0;
  const second = parseTime(moment.slice(11)) + Number(moment.slice(17) || 0);
  return formatInstant(createCalendar().zone(zone).instantAt({ day, second }));
}
