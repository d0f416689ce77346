import { changeClient } from '../db/change-client.ts';
import type { StepActivity } from './next-action.ts';
import { carryOutHere, doneReason, type StepDependencies } from './step-effect.ts';

/** Changes the couple's record: status, tags, the supplier's own fields. What that sets off comes by the outbox. */
export function createUpdateClient(dependencies: StepDependencies): StepActivity {
  return (ref) =>
    carryOutHere(dependencies, ref, async (trx, { step, line, execution }) => {
      if (step.type !== 'update_client') throw new Error(`The step ${step.key} changes no record.`);
      await changeClient(trx, execution.loaded.clientId, step.set);
      return { state: 'done', reason: doneReason(line) };
    });
}
