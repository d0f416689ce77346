import { CHANNEL_QUEUES, type ChannelQueue } from './task-queues.ts';

/** How much one worker process does at once. Every worker of an installation should have the same rates. */
export interface WorkerTuning {
  /** Workflow tasks at once. */
  readonly workflowSlots: number;
  /** Activities at once in the workflows' own queue: enrolments, reconciliation, upkeep. */
  readonly activitySlots: number;
  /** Plans and steps that only touch our rows, at once: each holds a connection to the database. */
  readonly localSlots: number;
  /** Executions kept in memory; the others are replayed when their turn comes. */
  readonly cachedWorkflows: number;
  /** Most polls open at once per queue; how many there are follows the work. */
  readonly pollers: number;
  /** Couples that begin a second when many are put on a journey at once. */
  readonly enrolmentsPerSecond: number;
  /** Signals bring the plan: off while workers run that do not know such signals; docs/changing-workflows.md. */
  readonly plansAhead: boolean;
  /** Connections to the database. */
  readonly databasePool: number;
  readonly channels: Readonly<Record<ChannelQueue, ChannelTuning>>;
  /** How long sends under way may take at shutdown, in milliseconds. */
  readonly shutdownGraceMs: number;
}

export interface ChannelTuning {
  /** Sends of this channel at once in this process. */
  readonly slots: number;
  /** Sends a second of all workers together, as the provider allows; null: no limit. Temporal counts per partition. */
  readonly perSecond: number | null;
}

export const DEFAULT_TUNING: WorkerTuning = {
  workflowSlots: 40,
  activitySlots: 10,
  localSlots: 10,
  cachedWorkflows: 500,
  pollers: 10,
  enrolmentsPerSecond: 150,
  plansAhead: true,
  databasePool: 12,
  channels: {
    email: { slots: 20, perSecond: null },
    sms: { slots: 10, perSecond: null },
    whatsapp: { slots: 10, perSecond: null },
    webhook: { slots: 20, perSecond: null },
  },
  // One attempt of a send may take 30 seconds; what is under way at a shutdown had its beginning before.
  shutdownGraceMs: 35_000,
};

type TuningSettings = Readonly<
  Record<
    | 'WORKER_WORKFLOW_SLOTS'
    | 'WORKER_ACTIVITY_SLOTS'
    | 'WORKER_LOCAL_SLOTS'
    | 'WORKER_CACHED_WORKFLOWS'
    | 'WORKER_POLLERS'
    | 'WORKER_ENROLMENTS_PER_SECOND'
    | 'WORKER_DATABASE_POOL'
    | 'WORKER_SHUTDOWN_SECONDS',
    number
  > &
    Record<'WORKER_PLANS_AHEAD', boolean> &
    Record<`WORKER_${Uppercase<ChannelQueue>}_SLOTS`, number> &
    Record<`WORKER_${Uppercase<ChannelQueue>}_PER_SECOND`, number | undefined>
>;

/** The tuning that the configuration asks for. */
export function tuningFrom(settings: TuningSettings): WorkerTuning {
  const channels = CHANNEL_QUEUES.map((channel) => {
    const name = channel.toUpperCase() as Uppercase<ChannelQueue>;
    return [
      channel,
      { slots: settings[`WORKER_${name}_SLOTS`], perSecond: settings[`WORKER_${name}_PER_SECOND`] ?? null },
    ];
  });
  return {
    workflowSlots: settings.WORKER_WORKFLOW_SLOTS,
    activitySlots: settings.WORKER_ACTIVITY_SLOTS,
    localSlots: settings.WORKER_LOCAL_SLOTS,
    cachedWorkflows: settings.WORKER_CACHED_WORKFLOWS,
    pollers: settings.WORKER_POLLERS,
    enrolmentsPerSecond: settings.WORKER_ENROLMENTS_PER_SECOND,
    plansAhead: settings.WORKER_PLANS_AHEAD,
    databasePool: settings.WORKER_DATABASE_POOL,
    channels: Object.fromEntries(channels) as WorkerTuning['channels'],
    shutdownGraceMs: settings.WORKER_SHUTDOWN_SECONDS * 1_000,
  };
}
