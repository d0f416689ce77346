import { isMessage, type JourneyDefinition, type Step } from './definition.ts';
import { effectsOf, isAhead, momentOf, occurrenceId, stepsByKey, type Moment } from './effects.ts';
import type { Facts, Ledger } from './facts.ts';
import { planJourney } from './plan-journey.ts';
import type { PlannedStep } from './plan.ts';
import type { Reason } from './reasons.ts';

/**
 * What becomes of one step when a date changes.
 * - `stays`: same moment as before.
 * - `moves`: to another moment, or its moment becomes known.
 * - `past`: its new moment is already gone; `rule` says what then happens, `after` when.
 * - `waits`: its date is no longer known.
 * - `sent`: it has gone already; `again` is the new occurrence that `onDateChange: resend` makes.
 * - `gained`, `lost`: it comes to the plan or drops out of it for another reason, told by `reason`.
 */
export type DateChangeEffect = 'stays' | 'moves' | 'past' | 'waits' | 'sent' | 'gained' | 'lost';

export type DateChangeStep = {
  readonly key: string;
  readonly occurrence: number;
  readonly name: string;
  readonly type: Step['type'];
  readonly effect: DateChangeEffect;
  readonly before: Moment | null;
  readonly after: Moment | null;
  /** Of a step that is past: what its `ifPast` says. Of one that was sent: what its `onDateChange` says. */
  readonly rule: 'skip' | 'send' | 'ask' | 'keep' | 'resend' | 'task' | null;
  readonly again: Moment | null;
  /** The planner's reason for what is so after the change. */
  readonly reason: Reason | null;
};

export type DateChange = {
  readonly steps: readonly DateChangeStep[];
  readonly counts: Readonly<Record<DateChangeEffect, number>>;
};

/**
 * What a change of dates would do to one execution, before anybody saves it: both plans are the planner's, and both
 * dates are taken as settled, so that what is past shows what its rule says and not that it waits a few minutes.
 *
 * @param before the facts as they are; `after`: as they would be, `weddingChangedAt` or `dueChangedAt` included
 * @param now an instant, ISO 8601 with `Z`
 */
export function dateChange(
  definition: JourneyDefinition,
  ledger: Ledger,
  before: Facts,
  after: Facts,
  now: string,
): DateChange {
  const steps = stepsByKey(definition);
  const old = effectsOf(planJourney(definition, settled(before), ledger, now));
  const changed = effectsOf(planJourney(definition, settled(after), ledger, now));
  const lines: DateChangeStep[] = [];
  for (const id of new Set([...old.keys(), ...changed.keys()])) {
    const [was, is] = [old.get(id), changed.get(id)];
    const step = steps.get((is ?? was)?.key ?? '');
    if (step === undefined || isOnlyAnAnswer(step, was, is)) continue;
    const line = lineOf(step, was, is, changed);
    if (line) lines.push(line);
  }
  const counts = { stays: 0, moves: 0, past: 0, waits: 0, sent: 0, gained: 0, lost: 0 };
  for (const { effect } of lines) counts[effect] += 1;
  return { steps: lines, counts };
}

/** Facts that have been still for long enough. */
function settled(facts: Facts): Facts {
  return { ...facts, organization: { ...facts.organization, settleMinutes: 0 } };
}

/** The occurrence that a resend makes stands in the line of the message it repeats. */
function isOnlyAnAnswer(step: Step, was: PlannedStep | undefined, is: PlannedStep | undefined): boolean {
  return (
    was === undefined && is !== undefined && is.occurrence > 1 && isMessage(step) && step.onDateChange === 'resend'
  );
}

function lineOf(
  step: Step,
  was: PlannedStep | undefined,
  is: PlannedStep | undefined,
  changed: ReadonlyMap<string, PlannedStep>,
): DateChangeStep | null {
  const { key, occurrence } = is ?? was ?? { key: step.key, occurrence: 1 };
  const line = {
    key,
    occurrence,
    name: step.name ?? step.key,
    type: step.type,
    before: was && isAhead(was) ? momentOf(was) : null,
    after: is && isAhead(is) ? momentOf(is) : null,
    rule: null,
    again: null,
    reason: is?.reason ?? null,
  };
  if (was?.state === 'done')
    return { ...line, effect: 'sent', before: momentOf(was), ...whatFollows(step, was, changed) };
  const rule = is ? ruleOfPast(is) : null;
  if (is && rule)
    return was && sameFate(was, is) ? { ...line, effect: 'stays', rule } : { ...line, effect: 'past', rule };
  if (line.before === null && line.after === null) return null;
  if (line.before === null) return { ...line, effect: 'gained' };
  if (line.after === null) return { ...line, effect: 'lost' };
  if (line.before.at === line.after.at) return { ...line, effect: 'stays' };
  return { ...line, effect: line.after.at === null ? 'waits' : 'moves' };
}

function whatFollows(step: Step, was: PlannedStep, changed: ReadonlyMap<string, PlannedStep>) {
  const rule = isMessage(step) ? (step.onDateChange ?? 'keep') : 'keep';
  const next = changed.get(occurrenceId({ key: was.key, occurrence: was.occurrence + 1 }));
  const again = rule === 'resend' && next && isAhead(next) ? momentOf(next) : null;
  return { rule, again, after: null } as const;
}

/** What is done about a step whose moment is gone; null where it is not. */
function ruleOfPast({ reason }: PlannedStep): 'skip' | 'send' | 'ask' | null {
  if (reason.code === 'past' || reason.code === 'past_useful' || reason.code === 'superseded') return 'skip';
  if (reason.code === 'caught_up') return 'send';
  return reason.code === 'needs_answer' && reason.question === 'past' ? 'ask' : null;
}

/** It was so before the change too. */
function sameFate(was: PlannedStep, is: PlannedStep): boolean {
  return was.state === is.state && was.dueAt === is.dueAt && was.reason.code === is.reason.code;
}
