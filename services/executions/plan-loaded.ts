import type { LoadedExecution } from '../../db/load-execution.ts';
import { planJourney } from '../../journeys/plan-journey.ts';
import type { Plan } from '../../journeys/plan.ts';
import { withMovedSteps } from '../../journeys/moved-steps.ts';

/** The plan of an execution as the worker would draw it up at `now` (ISO instant). */
export function planLoaded(execution: LoadedExecution, now: string): Plan {
  const { definition, facts } = withMovedSteps(execution.definition, execution.facts, execution.movedSteps);
  return planJourney(definition, facts, execution.ledger, now);
}
