import { randomUUID } from 'node:crypto';

import proto, { type temporal } from '@temporalio/proto';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createActivities } from '../../activities/create-activities.ts';
import type { NextAction } from '../../activities/next-action.ts';
import type { Sender } from '../../activities/deliver-message.ts';
import { createTemplateRenderer } from '../../channels/template-renderer.ts';
import { executionHeads, insertExecution } from '../../db/enrolments.ts';
import { withTenant } from '../../db/tenant.ts';
import { createJourneyWorkflows, workflowIdOf } from '../../worker/journey-workflows.ts';
import { payloadsIn } from '../support/clear-payloads.ts';
import { eventually } from '../support/eventually.ts';
import { bundleWorkflows, connectClient, testDataConverter } from '../support/temporal.ts';
import { createSupplier, createWorld, type World } from '../support/world.ts';

/** Started, the first workflow task, the plan. */
const START = 5;
/** The status in the index, the end. */
const END = 2;
const { EventType } = proto.temporal.api.enums.v1;
const { History } = proto.temporal.api.history.v1;

let world: World;
let client: Awaited<ReturnType<typeof connectClient>>;

beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
  client = await connectClient(world.temporal.address);
});
afterAll(async () => {
  await client?.connection.close();
  await world?.close();
});

/** What stands last while nothing is under way. */
const RESTING: ReadonlySet<string> = new Set(['TIMER_STARTED', 'WORKFLOW_TASK_COMPLETED']);

type Events = readonly temporal.api.history.v1.IHistoryEvent[];

const now = { anchor: 'journey_start' };
const mail = { type: 'email', template: 'welcome', purpose: 'transactional' };
const task = { type: 'task', title: 'Call' };
const condition = { type: 'condition', test: { field: 'client.tags', has: 'x' } };

/** A timer runs so long, whatever the journey waits for: longer than a busy machine needs to come to it. */
const TIMER_MS = 1_500;

/**
 * Carries out a journey on the real server, each step a day after the one before it. The planner's clock goes on to the
 * end of a wait as soon as the wait is known, so that days are over in a moment and no step meets another.
 */
async function historyOf(steps: readonly object[]): Promise<Events> {
  const named = steps.map((step, index) => ({
    key: `step_${index}`,
    when: { ...now, offset: { days: index + 1 } },
    ...step,
  }));
  const supplier = await createSupplier(world.db, [
    { schema: 1, name: 'Day by day', starts: { on: 'manual' }, steps: named },
  ]);
  const { organizationId, journeyIds } = supplier;
  const clientId = await supplier.book({ email: `${randomUUID()}@example.com` });
  // The relay wakes every journey of the couple once it comes to the booking: a signal that is not counted here.
  await relayed(organizationId);
  let aheadMs = 0;
  const clock = async (): Promise<Date> => new Date(Date.now() + aheadMs);
  const accepting: Sender = {
    provider: 'test',
    async send({ communicationId }, options) {
      await options.beforeHandOver?.();
      return { outcome: 'accepted', providerId: communicationId, detail: 'Taken.' };
    },
  };
  const senders = { email: accepting, sms: accepting, whatsapp: accepting };
  const renderer = createTemplateRenderer();
  const activities = createActivities({ database: world.db.worker, clock, senders, renderer, sendTimeoutMs: 10_000 });
  const hurried = Object.entries(activities).map(([name, carryOut]) => [
    name,
    async (input: never): Promise<unknown> => {
      const answer: unknown = await carryOut(input);
      const next = answer as NextAction | undefined;
      if (next?.kind !== 'wait' || next.untilMs === null) return answer;
      aheadMs = next.untilMs + 1_000 - Date.now();
      return { ...next, untilMs: Date.now() + TIMER_MS };
    },
  ]);
  const taskQueue = randomUUID();
  const connection = await NativeConnection.connect({ address: world.temporal.address });
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: await bundleWorkflows(),
    activities: Object.fromEntries(hurried),
    dataConverter: testDataConverter,
    maxEagerActivityReservationsPerWorkflowTask: 0,
  });
  const [head] = await withTenant(world.db.worker, { organizationId, actor: 'test' }, async (trx) => {
    const id = await insertExecution(trx, {
      journeyId: journeyIds[0] ?? '',
      journeyVersionId: (await versionOf(journeyIds[0] ?? '')) ?? '',
      clientId,
      triggerKey: randomUUID(),
      triggerEvent: 'manual',
      triggerRef: null,
      triggerAt: new Date(),
      triggerDetails: {},
      startedAt: new Date(),
      unlessEarlier: 'no_matter',
    });
    return executionHeads(trx, [id ?? '']);
  });
  if (head === undefined) throw new Error('There is no execution.');
  const events = await worker.runUntil(async () => {
    await createJourneyWorkflows(client, { taskQueue }).start(head);
    return endedHistory(workflowIdOf(organizationId, head.executionId));
  });
  await Promise.all([connection.close(), renderer.close()]);
  return events;
}

async function versionOf(journeyId: string): Promise<string | undefined> {
  const [version] = await world.db.query<{ id: string }>(`select id from app.journey_versions where journey_id = $1`, [
    journeyId,
  ]);
  return version?.id;
}

async function endedHistory(workflowId: string): Promise<Events> {
  const handle = client.workflow.getHandle(workflowId);
  await handle.result();
  return (await handle.fetchHistory()).events ?? [];
}

const relayed = (organizationId: string): Promise<boolean> =>
  eventually('the relay has brought all that happened to the journeys', async () => {
    const waiting = `select id from app.outbox where organization_id = $1 and processed_at is null`;
    return (await world.db.query(waiting, [organizationId])).length === 0;
  });

const timersOf = (events: Events): number =>
  events.filter(({ timerStartedEventAttributes }) => timerStartedEventAttributes).length;

const nameOf = ({ eventType }: Events[number]): string => (EventType[eventType ?? 0] ?? '').slice('EVENT_TYPE_'.length);

describe.concurrent(
  'what an execution costs in Temporal, counted in histories of the real server',
  { timeout: 300_000 },
  () => {
    test('ten mails, each after a wait: 11 events a step, 120 in all, 64 KB, no payload above 2 KB', async () => {
      const events = await historyOf(Array.from({ length: 10 }, () => mail));
      expect(timersOf(events)).toBe(10);
      expect(events.length).toBe(START + 10 * 11 + END);
      expect(events.length).toBeLessThanOrEqual(120);
      expect(History.encode({ events: [...events] }).finish().length).toBeLessThanOrEqual(64 * 1_024);
      const sizes = payloadsIn(events).map(({ data }) => data?.length ?? 0);
      expect(sizes.length).toBeGreaterThan(50);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(2 * 1_024);
    });

    test('a wait and a condition, or a task: 6 events; the start: 5', async () => {
      const events = await historyOf([condition, task, condition, task]);
      expect(events.length).toBe(START + 4 * 6 + END);
      expect(events.findIndex((event) => event.timerStartedEventAttributes)).toBe(START);
    });

    test('steps without a wait between them: a row costs one event, a mail six', async () => {
      const counts: number[] = [];
      for (const steps of [[task], [task, task], [task, mail]]) {
        const atOnce = steps.map((step, index) => ({ ...step, key: `step_${index}`, when: now }));
        const definition = { schema: 1, name: 'At once', starts: { on: 'client.booked' }, steps: atOnce };
        const supplier = await createSupplier(world.db, [definition]);
        counts.push((await endedHistory(await workflowOf(await supplier.book()))).length);
      }
      const [one = 0, two = 0, sent = 0] = counts;
      expect([one, two - one, sent - one]).toEqual([START + 1 + END, 1, 6]);
    });

    test('another date: 6 events, and one more where the index has the date; what changes nothing: 4', async () => {
      const when = (anchor: string): object => ({ anchor, offset: { days: -7 } });
      const supplier = await createSupplier(world.db, [
        {
          schema: 1,
          name: 'Moved',
          starts: { on: 'client.booked' },
          steps: [
            { ...mail, key: 'week', when: when('wedding_date') },
            { ...mail, key: 'tasting', when: when('date:tasting') },
          ],
        },
      ]);
      const clientId = await supplier.book();
      const handle = client.workflow.getHandle(await workflowOf(clientId));
      const waitsFor = async (timers: number): Promise<Events> => {
        await relayed(supplier.organizationId);
        return eventually('it waits', async () => {
          const events = (await handle.fetchHistory()).events ?? [];
          return timersOf(events) === timers && RESTING.has(nameOf(events.at(-1) ?? {})) && events;
        });
      };
      const costOf = async (before: number, change: string): Promise<string[]> => {
        const { length } = await waitsFor(before);
        await world.db.query(`update app.clients set ${change} where id = $1`, [clientId]);
        await relayed(supplier.organizationId);
        return eventually('it has heard of it', async () => {
          const events = (await handle.fetchHistory()).events ?? [];
          const told = events.slice(length).map(nameOf);
          return told.includes('WORKFLOW_TASK_COMPLETED') && told;
        });
      };
      // The signal brings the plan: the task that takes it need not make one.
      const heard = [
        'WORKFLOW_EXECUTION_SIGNALED',
        'WORKFLOW_TASK_SCHEDULED',
        'WORKFLOW_TASK_STARTED',
        'WORKFLOW_TASK_COMPLETED',
      ];
      const moved = [...heard, 'TIMER_CANCELED', 'TIMER_STARTED'];
      expect(await costOf(1, `key_dates = '{"tasting": "2029-03-03"}'`)).toEqual(moved);
      const told = await costOf(2, `wedding_date = '2028-05-06'`);
      expect(told).toEqual([...heard, 'TIMER_CANCELED', 'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES', 'TIMER_STARTED']);
      // Its timer goes on.
      expect(await costOf(3, `tags = '{garden}'`)).toEqual(heard);
      expect(timersOf((await handle.fetchHistory()).events ?? [])).toBe(3);
    });
  },
);

const workflowOf = (clientId: string): Promise<string> =>
  eventually('the execution is planned', async () => {
    const [row] = await world.db.query<{ workflow_id: string }>(
      `select workflow_id from app.journey_executions where client_id = $1 and planned_at is not null`,
      [clientId],
    );
    return row?.workflow_id;
  });
