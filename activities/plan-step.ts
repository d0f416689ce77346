import { withTenant } from '../db/tenant.ts';
import { toInstant } from './clock.ts';
import type { JourneyActivities } from './next-action.ts';
import { planExecution, settlePlan } from './plan-execution.ts';
import { tenantOf, type StepDependencies } from './step-effect.ts';

/** Plans one execution, writes the plan down and says what is next. */
export function createPlanStep({ database, clock }: StepDependencies): JourneyActivities['planStep'] {
  return async ({ organizationId, executionId }) => {
    const now = toInstant(await clock());
    return withTenant(database, tenantOf(organizationId, executionId), async (trx) => {
      const planning = await planExecution(trx, executionId, now);
      return planning.ended ? planning.next : settlePlan(trx, planning.execution);
    });
  };
}
