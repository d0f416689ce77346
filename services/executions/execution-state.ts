import { loadExecution, type LoadedExecution } from '../../db/load-execution.ts';
import type { Trx } from '../../db/tenant.ts';
import { inTime } from '../../journeys/effects.ts';
import type { Plan, PlannedStep, StepState } from '../../journeys/plan.ts';
import { planLoaded } from './plan-loaded.ts';

/** How an execution stands: what a person wants to know after a command. */
export interface ExecutionState {
  readonly status: Plan['status'] | 'paused';
  /** Its turn has come: it goes as soon as a worker takes it. */
  readonly isDue: boolean;
  /** The line of the plan that acts next, else the first one that waits or is held; null: nothing is ahead. */
  readonly next: PlannedStep | null;
}

/** State of an execution by its rows as they are within this transaction. @param now ISO instant */
export async function executionState(trx: Trx, executionId: string, now: string): Promise<ExecutionState | null> {
  const execution = await loadExecution(trx, executionId, now);
  return execution === null ? null : stateOf(execution, planLoaded(execution, now));
}

function stateOf({ facts }: LoadedExecution, { status, next, steps }: Plan): ExecutionState {
  const isHeld = facts.execution.holds.some(({ scope }) => scope !== 'channel');
  const first = (state: StepState): PlannedStep | undefined =>
    steps.filter((step) => step.state === state && (step.runAt ?? step.dueAt) !== null).sort(inTime)[0];
  const due =
    next.kind === 'run'
      ? steps.find(({ key, occurrence }) => key === next.key && occurrence === next.occurrence)
      : null;
  const ahead = due ?? first('planned') ?? first('held') ?? first('waiting') ?? null;
  return {
    status: status === 'active' && isHeld ? 'paused' : status,
    isDue: due !== null && due !== undefined,
    next: next.kind === 'finished' ? null : ahead,
  };
}
