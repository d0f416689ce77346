import { lockIfIdle } from '../db/step-effects.ts';
import { withTenant } from '../db/tenant.ts';
import type { LedgerStep } from '../journeys/facts.ts';
import { toInstant } from './clock.ts';
import type { ExecutionRef, NextAction } from './next-action.ts';
import { planLocked, settlePlan } from './plan-execution.ts';
import { tenantOf, type StepDependencies } from './step-effect.ts';

/** Plans for a workflow that is about to be told of changed facts; null: it has to plan by itself. */
export type PlanAhead = (execution: ExecutionRef) => Promise<NextAction | null>;

/**
 * The planning of `planStep`, done by whoever tells a workflow that its facts changed, so that the workflow need not.
 * Nobody is waited for, and nothing is written, where
 * - somebody holds the execution at this moment, or its workflow has not planned it yet: that plan is to be the first;
 * - a step is on its way: its row says what it was begun for until its end is written down;
 * - the journey ends: its end and the end of its workflow belong together.
 */
export function createPlanAhead({ database, clock }: StepDependencies): PlanAhead {
  return async ({ organizationId, executionId }) => {
    const now = toInstant(await clock());
    return withTenant(database, tenantOf(organizationId, executionId), async (trx) => {
      if (!(await lockIfIdle(trx, executionId))) return null;
      const planning = await planLocked(trx, executionId, now);
      if (planning.ended || planning.execution.plan.next.kind === 'finished') return null;
      if (planning.execution.loaded.ledger.steps.some(isOnItsWay)) return null;
      return settlePlan(trx, planning.execution);
    });
  };
}

/** An attempt was begun, and neither its end nor another one's time is known. */
function isOnItsWay({ attempts = 0, endedAt, nextAttemptAt }: LedgerStep): boolean {
  return attempts > 0 && endedAt === undefined && nextAttemptAt === undefined;
}
