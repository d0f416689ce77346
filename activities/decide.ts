import { evaluate } from '../journeys/conditions.ts';
import { fieldReader } from '../journeys/fields.ts';
import { eventsOf, firstEvent } from '../journeys/journey-events.ts';
import { startPlanning } from '../journeys/planning.ts';
import type { StepActivity } from './next-action.ts';
import { carryOutHere, type DueStep, type StepDependencies } from './step-effect.ts';

/** Answers a condition or a wait with the arm that is taken, and ends a delay. */
export function createDecide(dependencies: StepDependencies): StepActivity {
  return (ref) =>
    carryOutHere(dependencies, ref, async (_trx, due) => ({
      state: 'done',
      reason: { code: 'done' },
      outcome: outcomeOf(due),
    }));
}

function outcomeOf({ step, line, execution }: DueStep): 'yes' | 'no' | undefined {
  const { definition, facts, ledger } = execution.loaded;
  if (step.type === 'condition') {
    const reader = fieldReader(startPlanning(definition, facts, ledger, execution.now));
    return evaluate(step.test, reader).holds ? 'yes' : 'no';
  }
  if (step.type === 'wait_for') {
    const event = firstEvent(eventsOf(facts), step.event, step.match);
    // The plan's due instant is the event's where that came in time, and the limit's where it did not.
    return event !== undefined && line.dueAt !== null && event.at <= Date.parse(line.dueAt) ? 'yes' : 'no';
  }
  return undefined;
}
