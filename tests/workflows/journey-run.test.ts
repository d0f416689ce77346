import { randomUUID } from 'node:crypto';

import { WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest';

import { commands, factsChanged, journeyState } from '../../workflows/messages.ts';
import type { CommandInput, NextAction, StepRef } from '../../activities/next-action.ts';
import { journeyRun } from '../../workflows/journey-run.ts';
import { eventually } from '../support/eventually.ts';
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

async function withWorker<T>(
  activities: object,
  use: (taskQueue: string) => Promise<T>,
  /** Of a worker that goes before the execution ends: it leaves nothing behind that a task would wait for. */
  options: { taskQueue?: string; maxCachedWorkflows?: number } = {},
): Promise<T> {
  const { taskQueue = randomUUID() } = options;
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle,
    activities,
    dataConverter: testDataConverter,
    maxCachedWorkflows: options.maxCachedWorkflows ?? maxCachedWorkflows,
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

  describe('a plan that comes with the news', () => {
    const began = async (plan: ReturnType<typeof schedule>, taskQueue: string) => {
      const handle = await env.client.workflow.start(journeyRun, {
        taskQueue,
        workflowId: randomUUID(),
        args: [ref()],
      });
      // What a test leaves behind when it fails would keep the clock of the others from going on.
      onTestFailed(async () => void (await handle.terminate()));
      await eventually('it has planned', async () => (await handle.query(journeyState)) !== null);
      expect(plan.plans).toHaveLength(1);
      return handle;
    };
    const follows = async (handle: WorkflowHandle<typeof journeyRun>, plan: NextAction): Promise<void> => {
      await handle.signal(factsChanged, { eventId: 'news', plan });
      await eventually('it follows the plan', async () => (await handle.query(journeyState))?.serial === plan.serial);
    };
    const timersOf = async (handle: WorkflowHandle): Promise<number> => {
      const { events } = await handle.fetchHistory();
      return events?.filter(({ timerStartedEventAttributes: timer }) => timer).length ?? 0;
    };
    const sentAt = ({ sent }: ReturnType<typeof schedule>, atMs: number): void => {
      expect(sent).toHaveLength(1);
      expect((sent[0]?.atMs ?? 0) - atMs).toBeGreaterThanOrEqual(0);
      expect((sent[0]?.atMs ?? 0) - atMs).toBeLessThan(60_000);
    };

    test('is followed without another, and one that changes nothing leaves the timer alone', async () => {
      const start = await now();
      const plan = schedule([start + 40 * DAY_MS], now);
      await withWorker(plan.activities, async (taskQueue) => {
        const handle = await began(plan, taskQueue);
        // A query may be answered from within a task, before the history has what the task came to.
        const started = (timers: number): Promise<unknown> =>
          eventually(`${timers} timers were started`, async () => (await timersOf(handle)) >= timers);
        await started(1);
        await handle.signal(factsChanged, { eventId: '1', plan: await plan.ahead() });
        plan.move(0, start + 20 * DAY_MS);
        await follows(handle, await plan.ahead());
        await started(2);
        expect(await timersOf(handle)).toBe(2);
        await handle.result();
        expect(plan.plans).toHaveLength(1);
        sentAt(plan, start + 20 * DAY_MS);
      });
    });

    test('that is older than what is known only makes it look again; so does news without a plan', async () => {
      const start = await now();
      const plan = schedule([start + 40 * DAY_MS], now);
      await withWorker(plan.activities, async (taskQueue) => {
        const handle = await began(plan, taskQueue);
        const looked = (times: number): Promise<unknown> =>
          eventually('it looked again', async () => plan.plans.length === times);
        const late = await plan.ahead();
        plan.move(0, start + 20 * DAY_MS);
        await follows(handle, await plan.ahead());
        await handle.signal(factsChanged, { eventId: '1', plan: late });
        await looked(2);
        await handle.signal(factsChanged, { eventId: '3' });
        await looked(3);
        // As an admin gives it on Temporal's page.
        await handle.signal('factsChanged');
        await looked(4);
        await handle.result();
        sentAt(plan, start + 20 * DAY_MS);
      });
    });

    test('of several that come together the newest counts', async () => {
      const start = await now();
      const plan = schedule([start + 40 * DAY_MS], now);
      const taskQueue = randomUUID();
      const passing = { taskQueue, maxCachedWorkflows: 0 };
      const handle = await withWorker(plan.activities, async () => began(plan, taskQueue), passing);
      const [first, second] = [start + 50 * DAY_MS, start + 20 * DAY_MS];
      plan.move(0, first);
      const older = await plan.ahead();
      plan.move(0, second);
      const newer = await plan.ahead();
      // Nobody is there to take them one by one.
      await handle.signal(factsChanged, { eventId: '2', plan: newer });
      await handle.signal(factsChanged, { eventId: '1', plan: older });
      await withWorker(plan.activities, async () => handle.result(), passing);
      expect(plan.plans).toHaveLength(1);
      sentAt(plan, second);
    });

    test.each(['older', 'newer'] as const)(
      'while a step is under way and is %s than its answer: nothing is lost',
      async (age) => {
        const start = await now();
        const plan = schedule([start, start + 40 * DAY_MS], now);
        const [begun, signalled] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const { sendEmail } = plan.activities;
        const activities = {
          ...plan.activities,
          sendEmail: async (step: StepRef): Promise<NextAction> => {
            if (step.key !== 'step0') return sendEmail(step);
            if (age === 'newer') {
              const answer = await sendEmail(step);
              begun.resolve();
              await signalled.promise;
              return answer;
            }
            begun.resolve();
            await signalled.promise;
            return sendEmail(step);
          },
        };
        await withWorker(activities, async (taskQueue) => {
          const handle = await env.client.workflow.start(journeyRun, {
            taskQueue,
            workflowId: randomUUID(),
            args: [ref()],
          });
          await begun.promise;
          plan.move(1, start + 20 * DAY_MS);
          await handle.signal(factsChanged, { eventId: '1', plan: await plan.ahead() });
          signalled.resolve();
          await handle.result();
          expect(plan.plans).toHaveLength(age === 'newer' ? 1 : 2);
          expect(plan.sent.map(({ key }) => key)).toEqual(['step0', 'step1']);
          expect((plan.sent[1]?.atMs ?? 0) - (start + 20 * DAY_MS)).toBeLessThan(60_000);
        });
      },
    );
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
