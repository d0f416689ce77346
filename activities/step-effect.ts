import { finishStep, type StepResult } from '../db/step-effects.ts';
import type { Database } from '../db/database.ts';
import { withTenant, type TenantContext, type Trx } from '../db/tenant.ts';
import type { Step } from '../journeys/definition.ts';
import type { LedgerStep } from '../journeys/facts.ts';
import type { PlannedStep } from '../journeys/plan.ts';
import type { Reason } from '../journeys/reasons.ts';
import { toInstant, type Clock } from './clock.ts';
import type { NextAction, StepRef } from './next-action.ts';
import { applyFailurePolicy } from './failure-policy.ts';
import { planExecution, replan, settlePlan, type PlannedExecution } from './plan-execution.ts';

export interface StepDependencies {
  readonly database: Database;
  readonly clock: Clock;
}

/** A step whose turn it is, with everything that is known about its execution. */
export interface DueStep {
  readonly execution: PlannedExecution;
  /** The step as the plan has it. */
  readonly line: PlannedStep;
  /** The step as the definition has it. */
  readonly step: Step;
}

/**
 * The first half of the contract of every step. In one transaction that holds the execution's row: reads all facts
 * again and asks the planner whether it is still this step's turn. Everything that could forbid it (stop, hold, moved
 * date, consent, cap, approval, an earlier attempt that did it) is a fact or a row of the ledger, so the planner's
 * answer is the check; where the turn has passed, the answer is the next action.
 *
 * @param act what the step does within this transaction
 */
export async function whenDue<T>(
  { database, clock }: StepDependencies,
  { organizationId, executionId, key, occurrence }: StepRef,
  act: (trx: Trx, due: DueStep) => Promise<T>,
): Promise<{ due: true; result: T } | { due: false; next: NextAction }> {
  const now = toInstant(await clock());
  return withTenant(database, tenantOf(organizationId, executionId), async (trx) => {
    const planning = await planExecution(trx, executionId, now);
    if (planning.ended) return { due: false, next: planning.next };
    const { execution } = planning;
    const { next } = execution.plan;
    if (next.kind !== 'run' || next.key !== key || next.occurrence !== occurrence) {
      return { due: false, next: await settlePlan(trx, execution) };
    }
    return { due: true, result: await act(trx, dueStep(execution, key, occurrence)) };
  });
}

/** The second half: writes down how the step ended, plans again and says what is next. */
export async function endStep(trx: Trx, { execution, line, step }: DueStep, result: StepResult): Promise<NextAction> {
  const replanned = replan(execution, ledgerStepOf(execution, line, result));
  // In one statement, where nothing has to happen in between and the plan has nothing more to say about this step.
  if (result.state === 'done' || result.state === 'skipped') return settlePlan(trx, replanned, { line, result });
  await finishStep(trx, execution.loaded.executionId, line, result);
  if (result.state === 'failed') await applyFailurePolicy(trx, execution, step, result);
  return settlePlan(trx, replanned);
}

/** A step that only touches our own rows: both halves in one transaction. */
export async function carryOutHere(
  dependencies: StepDependencies,
  ref: StepRef,
  act: (trx: Trx, due: DueStep) => Promise<Omit<StepResult, 'at'>>,
): Promise<NextAction> {
  const answer = await whenDue(dependencies, ref, async (trx, due) => {
    const result = await act(trx, due);
    return endStep(trx, due, { ...result, at: due.execution.now });
  });
  return answer.due ? answer.result : answer.next;
}

/** What was sent as catching up is remembered as that: it has had its day (rule 8). */
export function doneReason({ reason }: PlannedStep): Reason {
  return reason.code === 'caught_up' ? reason : { code: 'done' };
}

/** On whose behalf the worker writes, for the audit trail. */
export function tenantOf(organizationId: string, executionId: string): TenantContext {
  return { organizationId, actor: 'worker', requestId: `journey/${organizationId}/${executionId}` };
}

function dueStep(execution: PlannedExecution, key: string, occurrence: number): DueStep {
  const { definition } = execution.loaded;
  const line = execution.plan.steps.find((other) => other.key === key && other.occurrence === occurrence);
  const step = [...definition.steps, ...(definition.closing ?? [])].find((other) => other.key === key);
  if (line === undefined || step === undefined) {
    throw new Error(`The plan names the step ${key}#${occurrence} as next, but the version does not hold it.`);
  }
  return { execution, line, step };
}

function ledgerStepOf({ loaded, now }: PlannedExecution, line: PlannedStep, result: StepResult): LedgerStep {
  const { key, occurrence, dueAt } = line;
  const before = loaded.ledger.steps.find((other) => other.key === key && other.occurrence === occurrence);
  return {
    key,
    occurrence,
    state: result.state,
    dueAt,
    plannedAt: before !== undefined && before.dueAt === dueAt ? before.plannedAt : now,
    endedAt: result.state === 'planned' ? undefined : result.at,
    outcome: result.outcome,
    attempts: result.isUncounted === true ? Math.max(0, (before?.attempts ?? 1) - 1) : before?.attempts,
    nextAttemptAt: result.nextAttemptAt,
    reason: result.reason,
  };
}
