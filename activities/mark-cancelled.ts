import { closeExecution } from '../db/stop-execution.ts';
import { withTenant } from '../db/tenant.ts';
import { toInstant } from './clock.ts';
import type { JourneyActivities } from './next-action.ts';
import { tenantOf, type StepDependencies } from './step-effect.ts';

/** Writes down that an admin cancelled the workflow in Temporal: the emergency exit, after which nothing runs. */
export function createMarkCancelled({ database, clock }: StepDependencies): JourneyActivities['markCancelled'] {
  return async ({ organizationId, executionId }) => {
    const at = toInstant(await clock());
    const end = { status: 'cancelled', at, reason: 'Cancelled in Temporal.' } as const;
    await withTenant(database, tenantOf(organizationId, executionId), (trx) => closeExecution(trx, executionId, end));
  };
}
