import { randomUUID } from 'node:crypto';

import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { commands, factsChanged } from '../../workflows/messages.ts';
import type { CommandInput } from '../../activities/next-action.ts';
import { journeyRun } from '../../workflows/journey-run.ts';
import { schedule } from '../support/scheduled-plan.ts';
import { bundleWorkflows, startVirtualTime, testDataConverter } from '../support/temporal.ts';

const DAY_MS = 24 * 3_600_000;
let env: TestWorkflowEnvironment;
let workflowBundle: WorkflowBundle;

beforeAll(async () => {
  [env, workflowBundle] = await Promise.all([startVirtualTime(), bundleWorkflows()]);
});
afterAll(async () => env?.teardown());

/** How many executions the workers of a round keep in memory; with none, every task is a replay from the beginning. */
let maxCachedWorkflows = 100;

async function withWorker<T>(activities: object, use: (taskQueue: string) => Promise<T>): Promise<T> {
  const taskQueue = randomUUID();
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle,
    activities,
    dataConverter: testDataConverter,
    maxCachedWorkflows,
  });
  return worker.runUntil(use(taskQueue));
}

const ref = () => ({ organizationId: randomUUID(), executionId: randomUUID() });
const now = (): Promise<number> => env.currentTimeMs();

describe.each([
  { kept: 'kept in memory', cached: 100 },
  { kept: 'replayed for every task', cached: 0 },
])('journeyRun, $kept', ({ cached }) => {
  beforeAll(() => {
    maxCachedWorkflows = cached;
  });

  test('carries out a journey of two years, each step at its instant', async () => {
    const start = await now();
    const times = Array.from({ length: 12 }, (_, index) => start + (index + 1) * 61 * DAY_MS);
    const plan = schedule(times, now);
    await withWorker(plan.activities, async (taskQueue) => {
      const outcome = await env.client.workflow.execute(journeyRun, {
        taskQueue,
        workflowId: randomUUID(),
        args: [ref()],
      });
      expect(outcome).toBe('completed');
      expect(plan.sent.map(({ key }) => key)).toEqual(times.map((_, index) => `step${index}`));
      for (const [index, { atMs }] of plan.sent.entries()) {
        expect(atMs - (times[index] ?? 0)).toBeGreaterThanOrEqual(0);
        expect(atMs - (times[index] ?? 0)).toBeLessThan(60_000);
      }
    });
  });

  test('a delay and a send cost 11 history events', async () => {
    const eventsOf = async (steps: number): Promise<number> => {
      const start = await now();
      const times = Array.from({ length: steps }, (_, index) => start + (index + 1) * DAY_MS);
      const plan = schedule(times, now);
      return withWorker(plan.activities, async (taskQueue) => {
        const workflowId = randomUUID();
        await env.client.workflow.execute(journeyRun, { taskQueue, workflowId, args: [ref()] });
        const history = await env.client.workflow.getHandle(workflowId).fetchHistory();
        return history.events?.length ?? 0;
      });
    };
    const ofTen = await eventsOf(10);
    expect(ofTen - (await eventsOf(4))).toBe(6 * 11);
    expect(ofTen).toBeLessThanOrEqual(120);
  });

  test('a moved date moves the running timer, earlier and later', async () => {
    const start = await now();
    const plan = schedule([start + 40 * DAY_MS], now);
    await withWorker(plan.activities, async (taskQueue) => {
      const handle = await env.client.workflow.start(journeyRun, {
        taskQueue,
        workflowId: randomUUID(),
        args: [ref()],
      });
      await env.sleep(5 * DAY_MS);
      plan.move(0, start + 300 * DAY_MS);
      await handle.signal(factsChanged, { eventId: '1' });
      await env.sleep(50 * DAY_MS);
      expect(plan.sent).toEqual([]);
      plan.move(0, start + 60 * DAY_MS);
      await handle.signal(factsChanged, { eventId: '2' });
      await handle.result();
      expect(plan.sent).toHaveLength(1);
      expect((plan.sent[0]?.atMs ?? 0) - (start + 60 * DAY_MS)).toBeLessThan(60_000);
    });
  });

  test('a command acts at once and answers with what is next; one that makes no sense leaves no trace', async () => {
    const start = await now();
    const plan = schedule([start + 40 * DAY_MS, start + 50 * DAY_MS], now);
    await withWorker(plan.activities, async (taskQueue) => {
      const handle = await env.client.workflow.start(journeyRun, {
        taskQueue,
        workflowId: randomUUID(),
        args: [ref()],
      });
      const refused = async (update: keyof typeof commands, input: object): Promise<string> =>
        handle.executeUpdate(commands[update], { args: [input as CommandInput] }).then(
          () => 'done',
          (error: unknown) =>
            error instanceof WorkflowUpdateFailedError ? (error.cause?.message ?? '') : String(error),
        );
      expect(await refused('runNow', { by: 'admin' })).toMatch(/by its key/);
      expect(await refused('runNow', { by: 'Ana Lopez', key: 'step0' })).toMatch(/who commands/);
      expect(await refused('reschedule', { by: 'admin', key: 'step0', at: 'tomorrow' })).toMatch(/in UTC/);
      expect(await refused('migrate', { by: 'admin', version: 0 })).toMatch(/by its number/);
      expect(await refused('resume', { by: 'admin', late: 'never' })).toMatch(/"skip"/);
      const { events } = await handle.fetchHistory();
      expect(events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes)).toEqual([]);
      expect(await refused('runNow', { by: 'admin', key: 'step9' })).toMatch(/no such step/);

      const next = await handle.executeUpdate(commands.runNow, { args: [{ by: 'admin', key: 'step0' }] });
      expect(next).toMatchObject({ kind: 'run', key: 'step0' });
      await handle.result();
      expect((plan.sent[0]?.atMs ?? 0) - start).toBeLessThan(DAY_MS);
    });
  });
});
