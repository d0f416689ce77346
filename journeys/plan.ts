// The planner's answer: the dated plan of one execution, with a reason for every line.
import type { StepType } from './definition.ts';
import type { STEP_STATES } from './facts.ts';
import type { Reason } from './reasons.ts';

export type StepState = (typeof STEP_STATES)[number];

/** One occurrence of one step. Instants are ISO 8601 UTC with `Z`, to the second. */
export type PlannedStep = {
  readonly key: string;
  readonly occurrence: number;
  readonly type: StepType;
  readonly state: StepState;
  /** What the rules say, and stays; the forecast where it counts from something that has not ended. */
  readonly dueAt: string | null;
  /** When it will really go; only of `planned` steps. */
  readonly runAt: string | null;
  /** `dueAt` as the clock on the wall of `zone` shows it, `YYYY-MM-DDTHH:MM`. */
  readonly local: string | null;
  readonly zone: string | null;
  readonly reason: Reason;
  /** The key of the step it waits for. */
  readonly dependsOn: string | null;
};

export type NextAction =
  | { readonly kind: 'run'; readonly key: string; readonly occurrence: number }
  /** Nothing to do before `until`; null: nothing changes by itself any more, only by new facts. */
  | { readonly kind: 'wait'; readonly until: string | null }
  | { readonly kind: 'finished' };

export type Plan = {
  readonly status: 'active' | 'completed' | 'stopped';
  readonly next: NextAction;
  /** In list order, then by occurrence; closing steps, once the execution is stopped, at the end. */
  readonly steps: readonly PlannedStep[];
};
