// What a condition or a wait answers when its turn has come.
import { evaluate } from './conditions.ts';
import type { JourneyDefinition } from './definition.ts';
import type { Facts, Ledger } from './facts.ts';
import { fieldReader } from './fields.ts';
import { eventsOf, firstEvent } from './journey-events.ts';
import type { PlannedStep } from './plan.ts';
import { startPlanning } from './planning.ts';

/**
 * The arm that is taken after `line`, which the plan named as next; undefined of a step that has no arms.
 *
 * @param now the instant at which it runs, ISO 8601 with `Z`
 */
export function answerOf(
  definition: JourneyDefinition,
  facts: Facts,
  ledger: Ledger,
  line: PlannedStep,
  now: string,
): 'yes' | 'no' | undefined {
  const planning = startPlanning(definition, facts, ledger, now);
  const step = planning.tree.find(line.key)?.step;
  if (step?.type === 'condition') return evaluate(step.test, fieldReader(planning)).holds ? 'yes' : 'no';
  if (step?.type !== 'wait_for') return undefined;
  const event = firstEvent(eventsOf(facts), step.event, step.match);
  // The due instant is the event's (or the beginning of the wait) where it came in time, and the limit's otherwise.
  return event !== undefined && line.dueAt !== null && event.at <= Date.parse(line.dueAt) ? 'yes' : 'no';
}
