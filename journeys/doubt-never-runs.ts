// Steps that can never run, whatever happens.
import { called, type Examined, type PlacedStep } from './examined.ts';
import type { Problem } from './problem.ts';
import type { Step } from './step-schema.ts';
import { amountOf, isElapsed, type Offset, type When } from './when-schema.ts';

/** Warnings about one step. */
export function neverRuns(placed: PlacedStep, examined: Examined): Problem[] {
  return [...neverTaken(placed, examined), ...uselessBeforeDue(placed), ...noEnd(placed, examined)];
}

/** The arms a step stands on, its own, its parents' and those of the steps it counts from: condition key to arm. */
export function armsOf(placed: PlacedStep, { byKey }: Examined): Map<string, 'yes' | 'no'> | 'contradiction' {
  const arms = new Map<string, 'yes' | 'no'>();
  const open: Step[] = [placed.step];
  const seen = new Set<string>();
  for (let step = open.pop(); step !== undefined; step = open.pop()) {
    if (seen.has(step.key)) continue;
    seen.add(step.key);
    if (step.in) {
      const other = arms.get(step.in.step);
      if (other !== undefined && other !== step.in.arm) return 'contradiction';
      arms.set(step.in.step, step.in.arm);
    }
    const anchor = step.when?.anchor;
    for (const key of [step.in?.step, anchor?.startsWith('step:') ? anchor.slice('step:'.length) : undefined]) {
      const next = key === undefined ? undefined : byKey.get(key);
      if (next) open.push(next.step);
    }
  }
  return arms;
}

function neverTaken(placed: PlacedStep, examined: Examined): Problem[] {
  if (armsOf(placed, examined) !== 'contradiction') return [];
  const message = `${called(placed.step)} can never run: it hangs on steps of both the yes and the no of the same question.`;
  return [{ code: 'never_runs', path: placed.path, message }];
}

function uselessBeforeDue({ step, path }: PlacedStep): Problem[] {
  const when = step.when;
  if (when?.usefulUntil === undefined) return [];
  if (earliestMinutes(when) <= latestMinutes(when.usefulUntil)) return [];
  const message = `${called(step)} can never run: it is due after the end of its own use. Move "usefulUntil" behind the offset.`;
  return [{ code: 'useful_until_before_due', path: `${path}.when.usefulUntil`, message }];
}

const MINUTES = { minutes: 1, hours: 60, days: 1_440, weeks: 10_080 } as const;

/** Minutes from the anchor to the earliest moment an offset can mean, whatever the length of months and days. */
function earliestMinutes({ offset, days, roll }: When): number {
  if (offset === undefined) return 0;
  const amount = amountOf(offset);
  const nominal = nominalMinutes(offset, amount < 0 ? 31 : 28);
  const backward = days !== undefined && days !== 'any' && (roll === 'backward' || (roll === undefined && amount < 0));
  // Rolling back over a week of closed days and more is possible, but then the step was hardly written like this.
  return nominal - (backward ? 14 * MINUTES.days : 0) - (isElapsed(offset) ? 0 : MINUTES.days);
}

/** Minutes from the anchor to the latest moment an offset can mean; calendar units go to the end of the day. */
function latestMinutes(offset: Offset): number {
  return nominalMinutes(offset, amountOf(offset) < 0 ? 28 : 31) + (isElapsed(offset) ? 0 : MINUTES.days);
}

function nominalMinutes(offset: Offset, daysOfMonth: number): number {
  if (offset.months !== undefined) return offset.months * daysOfMonth * MINUTES.days;
  if (offset.minutes !== undefined) return offset.minutes;
  if (offset.hours !== undefined) return offset.hours * MINUTES.hours;
  if (offset.weeks !== undefined) return offset.weeks * MINUTES.weeks;
  return (offset.days ?? 0) * MINUTES.days;
}

/** A wait without limit never says no. */
function noEnd({ step, path }: PlacedStep, { byKey }: Examined): Problem[] {
  const parent = step.in?.arm === 'no' ? byKey.get(step.in.step)?.step : undefined;
  if (parent?.type !== 'wait_for' || parent.limit !== undefined) return [];
  const message = `${called(step)} can never run: ${called(parent)} waits without a limit, so it never says no. Give it a limit.`;
  return [{ code: 'never_runs', path: `${path}.in`, message }];
}
