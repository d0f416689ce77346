import { randomUUID } from 'node:crypto';

import type { WorkflowHandle } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundle } from '@temporalio/worker';

import { commands, factsChanged, lookAgain } from '../../workflows/messages.ts';
import { journeyRun } from '../../workflows/journey-run.ts';
import { schedule } from './scheduled-plan.ts';
import { testDataConverter } from './temporal.ts';

const DAY_MS = 24 * 3_600_000;

type Plan = ReturnType<typeof schedule>;
type Run = (handle: WorkflowHandle<typeof journeyRun>, plan: Plan, env: TestWorkflowEnvironment) => Promise<unknown>;

/** Everything the workflow can do, each by the shortest way to it. */
export const KERNEL_FEATURES: Readonly<Record<string, { days: readonly number[]; run: Run }>> = {
  steps_in_order: { days: [1, 2, 90, 400], run: (handle) => handle.result() },
  date_moved: {
    days: [40],
    run: async (handle, plan, env) => {
      await env.sleep(5 * DAY_MS);
      plan.move(0, (await env.currentTimeMs()) + 100 * DAY_MS);
      await handle.signal(factsChanged, { eventId: '1' });
      await handle.result();
    },
  },
  plan_brought: {
    days: [40],
    run: async (handle, plan, env) => {
      await env.sleep(5 * DAY_MS);
      plan.move(0, (await env.currentTimeMs()) + 100 * DAY_MS);
      await handle.signal(factsChanged, { eventId: '1', plan: await plan.ahead() });
      await handle.result();
    },
  },
  plan_brought_unchanged: {
    days: [40],
    run: async (handle, plan, env) => {
      await env.sleep(5 * DAY_MS);
      await handle.signal(factsChanged, { eventId: '1', plan: await plan.ahead() });
      await handle.result();
    },
  },
  plan_brought_late: {
    days: [40],
    run: async (handle, plan, env) => {
      await env.sleep(5 * DAY_MS);
      const late = await plan.ahead();
      plan.move(0, (await env.currentTimeMs()) + 100 * DAY_MS);
      await handle.executeUpdate(lookAgain);
      await handle.signal(factsChanged, { eventId: '1', plan: late });
      await handle.result();
    },
  },
  many_signals: {
    days: [3],
    run: async (handle) => {
      for (let index = 0; index < 5; index += 1) await handle.signal(factsChanged, { eventId: String(index) });
      await handle.result();
    },
  },
  answered: {
    days: [3],
    run: async (handle) => {
      await handle.executeUpdate(lookAgain);
      await handle.result();
    },
  },
  commanded: {
    days: [30],
    run: async (handle, _plan, env) => {
      await env.sleep(DAY_MS);
      await handle.executeUpdate(commands.runNow, { args: [{ by: 'admin', key: 'step0' }] });
      await handle.result();
    },
  },
  cancelled: {
    days: [30],
    run: async (handle, _plan, env) => {
      await env.sleep(DAY_MS);
      await handle.cancel();
      await handle.result().catch(() => {});
    },
  },
};

/** Runs one feature on a server with virtual time and answers with its history. */
export async function runFeature(
  env: TestWorkflowEnvironment,
  workflowBundle: WorkflowBundle,
  name: string,
  maxCachedWorkflows = 100,
): Promise<temporal.api.history.v1.IHistory> {
  const feature = KERNEL_FEATURES[name];
  if (feature === undefined) throw new Error(`There is no feature ${name}.`);
  const begin = await env.currentTimeMs();
  const times = feature.days.map((day) => begin + day * DAY_MS);
  const plan = schedule(times, () => env.currentTimeMs());
  const taskQueue = randomUUID();
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle,
    activities: plan.activities,
    dataConverter: testDataConverter,
    maxCachedWorkflows,
  });
  return worker.runUntil(async () => {
    const handle = await env.client.workflow.start(journeyRun, {
      taskQueue,
      workflowId: randomUUID(),
      args: [{ organizationId: randomUUID(), executionId: randomUUID() }],
    });
    await feature.run(handle, plan, env);
    return handle.fetchHistory();
  });
}
