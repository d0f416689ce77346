import { setTimeout as delay } from 'node:timers/promises';

import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';

/** Lets one more couple of a crowd begin: at once, or when the workers have come after; it never fails. */
export type CrowdGate = () => Promise<void>;

/** Who falls due waits no longer for a worker than this, behind those that begin. */
const MOST_WAIT_MS = 1_000;
const LONGEST_HOLD_MS = 5_000;
const LOOK_EVERY_MS = 250;

/**
 * Holds a crowd back while workflow tasks have waited in the queue for more than a second: workflows are started faster
 * than they are planned, and what falls due meanwhile would wait behind all of them. Where no worker takes tasks, or
 * Temporal does not tell, nobody is held.
 */
export function createCrowdGate({ connection, options }: Client, taskQueue: string): CrowdGate {
  let looking: Promise<boolean> | null = null;
  const isBehind = async (): Promise<boolean> => {
    const { stats, pollers } = await connection.workflowService.describeTaskQueue({
      namespace: options.namespace,
      taskQueue: { name: taskQueue },
      taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
      reportStats: true,
    });
    const age = stats?.approximateBacklogAge;
    return (pollers ?? []).length > 0 && Number(age?.seconds ?? 0) * 1_000 + (age?.nanos ?? 0) / 1e6 > MOST_WAIT_MS;
  };
  // All that come meanwhile go by one answer.
  const look = async (): Promise<boolean> => {
    looking ??= delay(LOOK_EVERY_MS)
      .then(isBehind)
      .catch(() => false)
      .finally(() => {
        looking = null;
      });
    return looking;
  };
  let wasBehind = false;
  return async () => {
    const begun = performance.now();
    // While all is well nobody waits for the answer.
    const answer = look();
    void answer.then((behind) => (wasBehind = behind));
    if (!wasBehind) return;
    while ((await look()) && performance.now() - begun < LONGEST_HOLD_MS);
  };
}
