import { loadExecution, type LoadedExecution } from '../db/load-execution.ts';
import { recordPlan, type EndedStep } from '../db/record-plan.ts';
import { lockExecution } from '../db/step-effects.ts';
import type { Trx } from '../db/tenant.ts';
import type { Ledger, LedgerStep } from '../journeys/facts.ts';
import { withMovedSteps } from '../journeys/moved-steps.ts';
import { planJourney } from '../journeys/plan-journey.ts';
import type { Plan } from '../journeys/plan.ts';
import { askApproval } from './ask-approval.ts';
import { followDates } from './follow-dates.ts';
import { nextActionOf } from './next-action-of.ts';
import type { NextAction } from './next-action.ts';

/** An execution, read and planned within one transaction that holds its row. */
export interface PlannedExecution {
  readonly loaded: LoadedExecution;
  readonly plan: Plan;
  /** ISO instant of the planning. */
  readonly now: string;
}

/** What the workflow is told of an execution that is over, or whose row was erased. */
const ENDED: Readonly<Record<string, 'completed' | 'stopped'>> = {
  completed: 'completed',
  stopped: 'stopped',
  cancelled: 'stopped',
  failed: 'stopped',
};

export type Planning = { ended: false; execution: PlannedExecution } | { ended: true; next: NextAction };

/** Locks, loads and plans one execution. Nothing is written yet: see {@link settlePlan}. */
export async function planExecution(trx: Trx, executionId: string, now: string): Promise<Planning> {
  await lockExecution(trx, executionId);
  return planLocked(trx, executionId, now);
}

/** The same where the transaction holds the row already. */
export async function planLocked(trx: Trx, executionId: string, now: string): Promise<Planning> {
  const found = await loadExecution(trx, executionId, now);
  const over = found === null ? 'stopped' : ENDED[found.status];
  if (found === null || over !== undefined) return { ended: true, next: finished(over ?? 'stopped') };
  const loaded = { ...found, ...withMovedSteps(found.definition, found.facts, found.movedSteps) };
  const plan = planJourney(loaded.definition, loaded.facts, loaded.ledger, now);
  return { ended: false, execution: { loaded, plan, now } };
}

/** The same execution after one of its steps has ended or was put off, planned anew. */
export function replan({ loaded, now }: PlannedExecution, step: LedgerStep): PlannedExecution {
  const isSame = (other: LedgerStep): boolean => other.key === step.key && other.occurrence === step.occurrence;
  const ledger: Ledger = { steps: [...loaded.ledger.steps.filter((other) => !isSame(other)), step] };
  const plan = planJourney(loaded.definition, loaded.facts, ledger, now);
  return { loaded: { ...loaded, ledger }, plan, now };
}

/**
 * Writes the plan down and says what is next. It ends the transaction: nothing of it may come behind.
 *
 * @param ended the step whose end made the plan anew: it is written down with it
 */
export async function settlePlan(
  trx: Trx,
  { loaded, plan, now }: PlannedExecution,
  ended?: EndedStep,
): Promise<NextAction> {
  const execution = { loaded, plan, now };
  const next = await askApproval(trx, execution, await followDates(trx, execution, nextActionOf(loaded, plan)));
  const serial = await recordPlan(
    trx,
    loaded.organizationId,
    loaded.executionId,
    plan,
    {
      status:
        plan.next.kind === 'finished'
          ? plan.status === 'stopped'
            ? 'stopped'
            : 'completed'
          : headStatus(next.visible?.status),
      nextActionAt: plan.next.kind === 'wait' ? plan.next.until : plan.next.kind === 'run' ? now : null,
      nextAction: next.kind === 'finished' ? null : next.summary,
      currentStepKey: next.visible?.currentStep ?? null,
      blocked: next.visible?.blocked ?? false,
    },
    now,
    ended,
  );
  return { ...next, serial };
}

/** A stopped execution is active until its closing steps have run. */
const headStatus = (status: string | undefined): 'active' | 'paused' => (status === 'paused' ? 'paused' : 'active');

const finished = (status: 'completed' | 'stopped'): NextAction => ({ kind: 'finished', status, visible: null });
