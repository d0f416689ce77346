import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowStartOptions,
} from '@temporalio/client';
import { TypedSearchAttributes, WorkflowIdConflictPolicy, WorkflowIdReusePolicy } from '@temporalio/common';

import type { NextAction } from '../activities/next-action.ts';
import type { ExecutionHead } from '../db/enrolments.ts';
import { factsChanged } from '../workflows/messages.ts';
import type { enrolBatch } from '../workflows/enrol-batch.ts';
import type { journeyRun } from '../workflows/journey-run.ts';
import { searchAttributes } from './search-attributes.ts';
import { JOURNEYS_QUEUE } from './task-queues.ts';

/** Temporal, as the relay and the commands see it. */
export interface JourneyWorkflows {
  /**
   * Starts the workflow of an execution; one that runs already is fine.
   *
   * @param turn absent: it plans at once, in the middle of all others
   */
  start(execution: ExecutionHead, turn?: Turn): Promise<void>;
  /** Starts the workflow that begins the executions of a batch; one that runs already is fine. */
  startBatch(organizationId: string, batchId: string): Promise<void>;
  /**
   * Tells the workflow that its facts have changed. False: there is no running workflow of that execution.
   *
   * @param plan what is next by the changed facts; absent or null: the workflow plans by itself
   */
  wake(organizationId: string, executionId: string, eventId: string, plan?: NextAction | null): Promise<boolean>;
}

/** When a workflow that is started has its turn to plan. */
export interface Turn {
  /** 1 comes first, 5 last. */
  readonly priorityKey: number;
  /** In milliseconds from its start on; what is told to it meanwhile waits too. */
  readonly afterMs: number;
}

/** Priority of what may wait for everybody else. */
export const LAST = 5;
/** Behind all that falls due too, but before the plans of its own couples: it would wait for thousands of them. */
const BATCH = 4;

export interface JourneyWorkflowsOptions {
  readonly taskQueue?: string;
  /** Address of our own pages, for the links in Temporal's. */
  readonly publicUrl?: string | undefined;
}

export const workflowIdOf = (organizationId: string, executionId: string): string =>
  `journey/${organizationId}/${executionId}`;

/** Starts and wakes the workflows of journeys through a Temporal client. */
export function createJourneyWorkflows(client: Client, options: JourneyWorkflowsOptions = {}): JourneyWorkflows {
  return {
    start: (execution, turn) =>
      unlessStarted(client.workflow.start<typeof journeyRun>('journeyRun', startOptions(execution, options, turn))),
    startBatch: (organizationId, batchId) =>
      unlessStarted(
        client.workflow.start<typeof enrolBatch>('enrolBatch', {
          taskQueue: options.taskQueue ?? JOURNEYS_QUEUE,
          workflowId: `enrol/${organizationId}/${batchId}`,
          args: [{ organizationId, batchId }],
          staticSummary: `enrolment ${batchId}`,
          priority: { fairnessKey: organizationId, priorityKey: BATCH },
        }),
      ),
    async wake(organizationId, executionId, eventId, plan) {
      try {
        const handle = client.workflow.getHandle(workflowIdOf(organizationId, executionId));
        await handle.signal(factsChanged, { eventId, ...(plan ? { plan } : {}) });
        return true;
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return false;
        throw error;
      }
    },
  };
}

async function unlessStarted(start: Promise<unknown>): Promise<void> {
  try {
    await start;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}

function startOptions(
  execution: ExecutionHead,
  { taskQueue = JOURNEYS_QUEUE, publicUrl }: JourneyWorkflowsOptions,
  turn: Turn | undefined,
): WorkflowStartOptions<typeof journeyRun> {
  const { organizationId, executionId, journeyId, clientId, journeyName, version, steps, weddingOn } = execution;
  const { organizationId: organization, journeyId: journey, clientId: couple, ...others } = searchAttributes;
  const page = publicUrl === undefined ? '' : `[Couple](${new URL(`/couples/${clientId}`, publicUrl).href})\n\n`;
  return {
    taskQueue,
    workflowId: workflowIdOf(organizationId, executionId),
    args: [{ organizationId, executionId }],
    // The database decides whether an execution runs: one that is stopped after its steps have ended, or that was
    // repaired, goes on under its id.
    workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
    staticSummary: `${journeyName} v${version} · ${steps} steps`.slice(0, 200),
    staticDetails: `${page}Execution \`${executionId}\``,
    priority: { fairnessKey: organizationId, ...(turn === undefined ? {} : { priorityKey: turn.priorityKey }) },
    ...(turn === undefined || turn.afterMs === 0 ? {} : { startDelay: turn.afterMs }),
    typedSearchAttributes: new TypedSearchAttributes([
      { key: organization, value: organizationId },
      { key: journey, value: journeyId },
      { key: couple, value: clientId },
      { key: others.journeyStatus, value: 'active' },
      { key: others.blocked, value: false },
      { key: others.journeyVersion, value: version },
      ...(weddingOn === null ? [] : [{ key: others.weddingDate, value: new Date(`${weddingOn}T00:00:00Z`) }]),
    ]),
  };
}
