// Steps that a person put to another instant for one couple.
import type { JourneyDefinition, Step } from './definition.ts';
import type { Facts } from './facts.ts';

/** Instants by step key, ISO 8601 with `Z`. */
export type MovedSteps = Readonly<Record<string, string>>;

/** True where a step can be put to another instant: its turn is one moment, and nobody answers it. */
export function isMovable(step: Step): boolean {
  return step.type !== 'wait_for' && step.repeat === undefined;
}

/**
 * The definition and the facts with which the planner places the moved steps: each counts from an event of its own at
 * the instant that was chosen. An event is never past, so that "now" is due at once; everything else (conditions,
 * consent, send window, cap, approval) is asked as always.
 */
export function withMovedSteps(
  definition: JourneyDefinition,
  facts: Facts,
  moved: MovedSteps,
): { definition: JourneyDefinition; facts: Facts } {
  const keys = Object.keys(moved);
  if (keys.length === 0) return { definition, facts };
  const place = (step: Step): Step => {
    if (!Object.hasOwn(moved, step.key) || !isMovable(step)) return step;
    const zone = step.when?.zone;
    return { ...step, when: { anchor: `event:${eventName(step.key)}`, ...(zone === undefined ? {} : { zone }) } };
  };
  const events = keys.map((key) => ({ name: eventName(key), at: moved[key] ?? '' }));
  return {
    definition: {
      ...definition,
      steps: definition.steps.map(place),
      ...(definition.closing === undefined ? {} : { closing: definition.closing.map(place) }),
    },
    facts: { ...facts, events: [...facts.events, ...events] },
  };
}

/** No other program can send an event of this name: theirs are custom events without this first part. */
const eventName = (key: string): string => `moved_by_person.${key}`;
