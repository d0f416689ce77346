// What a plan comes to for those outside: the steps that reach somebody, each with the moment at which it goes.
import type { JourneyDefinition, Step } from './definition.ts';
import type { Plan, PlannedStep } from './plan.ts';

/** When a step goes, as far as it is known: `at` an instant, `local` and `zone` the wall clock it is due by. */
export type Moment = { readonly at: string | null; readonly local: string | null; readonly zone: string | null };

/** True for steps that do something by themselves; questions, waits and delays only lead to others. */
export function takesEffect(type: Step['type']): boolean {
  return type !== 'condition' && type !== 'wait_for' && type !== 'delay';
}

/** Still to come, as far as the plan knows. */
export function isAhead({ state }: PlannedStep): boolean {
  return state === 'planned' || state === 'waiting' || state === 'held';
}

/** The order of time: an instant that is not known comes last. */
export function byInstant(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  return b === null || a < b ? -1 : 1;
}

/** The order in which steps go. */
export function inTime(a: PlannedStep, b: PlannedStep): number {
  return byInstant(momentOf(a).at, momentOf(b).at);
}

export function momentOf({ runAt, dueAt, local, zone }: PlannedStep): Moment {
  return { at: runAt ?? dueAt, local, zone };
}

/** Names one occurrence within an execution. */
export function occurrenceId({ key, occurrence }: { key: string; occurrence: number }): string {
  return `${key}#${occurrence}`;
}

/** The occurrences of a plan that take effect, by `occurrenceId`. */
export function effectsOf(plan: Plan): Map<string, PlannedStep> {
  return new Map(plan.steps.filter(({ type }) => takesEffect(type)).map((step) => [occurrenceId(step), step]));
}

/** The steps of a definition by key, the closing ones included. */
export function stepsByKey(definition: JourneyDefinition): Map<string, Step> {
  return new Map([...definition.steps, ...(definition.closing ?? [])].map((step) => [step.key, step]));
}
