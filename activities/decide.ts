import { answerOf } from '../journeys/answers.ts';
import type { StepActivity } from './next-action.ts';
import { carryOutHere, doneReason, type StepDependencies } from './step-effect.ts';

/** Answers a condition or a wait with the arm that is taken, and ends a delay. */
export function createDecide(dependencies: StepDependencies): StepActivity {
  return (ref) =>
    carryOutHere(dependencies, ref, async (_trx, { line, execution }) => {
      const { definition, facts, ledger } = execution.loaded;
      const outcome = answerOf(definition, facts, ledger, line, execution.now);
      return { state: 'done', reason: doneReason(line), outcome };
    });
}
