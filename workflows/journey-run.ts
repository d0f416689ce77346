import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  createEventGroup,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';

import type {
  Command,
  ExecutionRef,
  JourneyActivities,
  NextAction,
  RunAction,
  StepActivity,
  StepActivityName,
  StepRef,
  WaitAction,
} from '../activities/next-action.ts';
import { describeAction } from './describe-action.ts';
import { factsChanged, journeyState } from './messages.ts';
import { takeCommands } from './take-commands.ts';
import { shownAtStart, visibleAttributes } from './visible-attributes.ts';

/** A timer never runs longer, so that a lost signal or a restored database is noticed within a month. */
const LONGEST_WAIT_MS = 30 * 24 * 3_600_000;
/** Between two looks when the clock of the planner is behind the clock of the timers. */
const CLOCK_GRACE_MS = 1_000;

type Activities = JourneyActivities & Record<StepActivityName, StepActivity>;

/** Only our database is touched: done inside the workflow task, again and again until the database answers. */
const inTask = proxyLocalActivities<Activities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});
/** Something leaves the house: the heartbeat tells within seconds that the worker died in the middle of it. */
const onWire = proxyActivities<Activities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** How one execution ended. */
export type JourneyOutcome = 'completed' | 'stopped';

/**
 * One execution of a journey, from its trigger to its last step: asks the planner what is next, waits for that moment
 * or for a change of the facts, has the step carried out, and goes on with the plan that the step answers with.
 *
 * What is next is decided by activities alone, so that it can be changed while thousands of these sleep. A change in
 * this file needs `patched()`: docs/changing-workflows.md.
 */
export async function journeyRun(execution: ExecutionRef): Promise<JourneyOutcome> {
  /** Counts what could have made the plan old; signals and commands only ever bump it. */
  let changes = 0;
  let plannedAt = -1;
  let next = null as NextAction | null;
  /** The newest plan that came with a signal and was not looked at yet. */
  let brought = null as NextAction | null;
  let asleep = false;
  let shown = shownAtStart(workflowInfo().typedSearchAttributes);
  let looked = false;

  const show = (action: NextAction): void => {
    setCurrentDetails(describeAction(action));
    if (action.visible === null) return;
    const changed = visibleAttributes(shown, action.visible);
    if (changed.length > 0) upsertSearchAttributes(changed);
    shown = action.visible;
  };
  const follow = (plan: NextAction): void => {
    next = plan;
    show(plan);
  };
  /** A plan that is not newer than the one that is followed tells nothing, but that somebody wants a look. */
  const take = (plan: NextAction): void => {
    if ((plan.serial ?? 0) > (next?.serial ?? Infinity)) follow(plan);
    else changes += 1;
  };
  setHandler(factsChanged, (news) => {
    const plan = news?.plan;
    if (plan?.serial === undefined) changes += 1;
    // Nothing changes for the wait: its timer goes on.
    else if (asleep && isSameWait(next, plan)) take(plan);
    else if (plan.serial > (brought?.serial ?? 0)) brought = plan;
  });
  setHandler(journeyState, () => next);
  const current = (): NextAction | null => next;
  /** What is next once the facts have been looked at again. */
  const look = async (): Promise<NextAction> => {
    changes += 1;
    const asked = changes;
    await condition(() => plannedAt >= asked);
    const answer = current();
    if (answer === null) throw ApplicationFailure.nonRetryable('There is no plan.');
    return answer;
  };
  const command = async (given: Command): Promise<NextAction> => {
    const result = await inTask.giveCommand({ ...execution, ...given });
    if (!result.ok) throw ApplicationFailure.nonRetryable(result.message, result.code);
    return look();
  };
  takeCommands({ current, carryOut: command, look });

  const carryOut = async (step: RunAction): Promise<NextAction> => {
    const group = createEventGroup(step.summary, { id: `${step.key}#${step.occurrence}` });
    const { key, occurrence, summary, queue: taskQueue, priorityKey } = step;
    const ref: [StepRef] = [{ ...execution, key, occurrence }];
    return group.withScope(() => {
      if (step.local) return inTask[step.activity].executeWithOptions({ summary }, ref);
      const priority = priorityKey === undefined ? undefined : { priorityKey, fairnessKey: execution.organizationId };
      return onWire[step.activity].executeWithOptions({ summary, taskQueue, priority }, ref);
    });
  };

  /** True where the moment has come, false where the facts changed before. */
  const waitUntil = async (untilMs: number | null, summary: string): Promise<'due' | 'look'> => {
    const restMs = untilMs === null ? LONGEST_WAIT_MS : untilMs - Date.now();
    // A moment that is over and over again "now" for us and "not yet" for the planner must not spin.
    const waitMs = Math.min(Math.max(restMs, looked ? CLOCK_GRACE_MS : 0), LONGEST_WAIT_MS);
    looked = restMs <= 0;
    const seen = changes;
    asleep = true;
    const woken = waitMs > 0 && (await condition(() => changes !== seen || brought !== null, waitMs, { summary }));
    asleep = false;
    return !woken && waitMs >= restMs && untilMs !== null ? 'due' : 'look';
  };

  try {
    for (;;) {
      if (next === null || changes !== plannedAt) {
        const seen = changes;
        // What signals have told by now, this plan knows.
        brought = null;
        follow(await inTask.planStep(execution));
        plannedAt = seen;
        continue;
      }
      if (brought !== null) {
        const plan = brought;
        brought = null;
        take(plan);
        continue;
      }
      if (next.kind === 'finished') {
        // A command under way may still want a look.
        await condition(() => allHandlersFinished() || changes !== plannedAt || brought !== null);
        if (changes !== plannedAt || brought !== null) continue;
        return next.status;
      }
      if (next.kind === 'run') {
        looked = false;
        follow(await carryOut(next));
        continue;
      }
      if (workflowInfo().continueAsNewSuggested && allHandlersFinished()) {
        await continueAsNew<typeof journeyRun>(execution);
      }
      const came = await waitUntil(next.untilMs, next.summary);
      if (changes === plannedAt && brought !== null) continue;
      const { whenDue, visible, serial }: NextAction & WaitAction = next;
      next = came === 'due' && changes === plannedAt && whenDue !== null ? { ...whenDue, visible, serial } : null;
    }
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(() => inTask.markCancelled(execution));
    throw error;
  }
}

/** The same moment, told in the same words. */
function isSameWait(a: NextAction | null, b: NextAction): boolean {
  return a?.kind === 'wait' && b.kind === 'wait' && a.untilMs === b.untilMs && a.summary === b.summary;
}
