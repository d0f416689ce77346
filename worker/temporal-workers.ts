import type { DataConverter } from '@temporalio/common';
import { Worker, type NativeConnection, type WorkerInterceptors, type WorkerOptions } from '@temporalio/worker';

import { CHANNEL_QUEUES, channelQueue, type ChannelQueue } from './task-queues.ts';
import type { WorkerTuning } from './worker-tuning.ts';
import { workflowSource } from './workflow-bundle.ts';

export interface TemporalWorkersOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly dataConverter: DataConverter;
  readonly tuning: WorkerTuning;
  /** Workflows that were bundled before; absent: they are bundled now. */
  readonly workflowBundlePath?: string | undefined;
  /** All of them: what was put into the workflows' queue before a channel had its own is still carried out. */
  readonly activities: Readonly<Record<string, (input: never) => Promise<unknown>>>;
  /** The activities of each channel's own queue. */
  readonly channelActivities: Readonly<Record<ChannelQueue, readonly string[]>>;
  readonly interceptors?: WorkerInterceptors | undefined;
}

/** The workers of one process, as one. */
export interface TemporalWorkers {
  /** Runs until {@link TemporalWorkers.shutdown}, or until one of them ends with an error; the others then end too. */
  readonly run: () => Promise<void>;
  /** Takes no new work; what is under way has its grace. */
  readonly shutdown: () => void;
  /** Throws a sentence where one of them does not run. */
  readonly assertRunning: () => void;
}

/** After the grace a send is told to give up; so long it has to write down what it knows. */
const SETTLE_MS = 20_000;

/** Creates one worker for workflows and rows, and one for every channel, over one connection. */
export async function createTemporalWorkers(options: TemporalWorkersOptions): Promise<TemporalWorkers> {
  const { taskQueue, tuning, activities, channelActivities, interceptors } = options;
  const shared = {
    connection: options.connection,
    namespace: options.namespace,
    dataConverter: options.dataConverter,
    shutdownGraceTime: tuning.shutdownGraceMs,
    shutdownForceTime: tuning.shutdownGraceMs + SETTLE_MS,
    activityTaskPollerBehavior: pollers(tuning),
    ...(interceptors === undefined ? {} : { interceptors }),
  } satisfies Partial<WorkerOptions>;
  const main = Worker.create({
    ...shared,
    ...workflowSource(options.workflowBundlePath),
    taskQueue,
    activities,
    maxCachedWorkflows: tuning.cachedWorkflows,
    maxConcurrentWorkflowTaskExecutions: tuning.workflowSlots,
    workflowTaskPollerBehavior: pollers(tuning),
    maxConcurrentActivityTaskExecutions: tuning.activitySlots,
    maxConcurrentLocalActivityExecutions: tuning.localSlots,
    // Eager activities skip the queue and with it the fairness between organizations.
    maxEagerActivityReservationsPerWorkflowTask: 0,
  });
  const ofChannels = CHANNEL_QUEUES.map((channel) => {
    const { slots, perSecond } = tuning.channels[channel];
    const names = channelActivities[channel];
    return Worker.create({
      ...shared,
      taskQueue: channelQueue(taskQueue, channel),
      activities: Object.fromEntries(Object.entries(activities).filter(([name]) => names.includes(name))),
      maxConcurrentActivityTaskExecutions: slots,
      ...(perSecond === null ? {} : { maxTaskQueueActivitiesPerSecond: perSecond }),
    });
  });
  const workers = await Promise.all([main, ...ofChannels]);
  const shutdown = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  return {
    shutdown,
    async run() {
      const runs = workers.map((worker) => worker.run().finally(shutdown));
      // All of them have to end before the connection is closed; then the first error is told.
      await Promise.allSettled(runs);
      await Promise.all(runs);
    },
    assertRunning() {
      for (const worker of workers) {
        const state = worker.getState();
        if (state !== 'RUNNING')
          throw new Error(`The worker of ${worker.options.taskQueue} is ${state.toLowerCase()}.`);
      }
    },
  };
}

const pollers = ({ pollers: maximum }: WorkerTuning) =>
  ({ type: 'autoscaling', minimum: 1, initial: Math.min(2, maximum), maximum }) as const;
