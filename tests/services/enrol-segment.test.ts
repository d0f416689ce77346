import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { listBatches, type BatchProgress } from '../../db/enrolment-batches.ts';
import { executionHeads } from '../../db/enrolments.ts';
import { withTenant, type Trx } from '../../db/tenant.ts';
import type { Commander } from '../../services/executions/command.ts';
import { enrolSegment, type Segment } from '../../services/executions/enrol-segment.ts';
import { createJourneyWorkflows, LAST, workflowIdOf } from '../../worker/journey-workflows.ts';
import { holdMs } from '../../worker/start-enrolments.ts';
import { eventually } from '../support/eventually.ts';
import { connectClient } from '../support/temporal.ts';
import { startWorkerProcess } from '../support/worker-process.ts';
import { createSupplier, createWorld, type Supplier, type World } from '../support/world.ts';

let world: World;
let supplier: Supplier;
let client: Awaited<ReturnType<typeof connectClient>>;

beforeAll(async () => {
  world = await createWorld();
  client = await connectClient(world.temporal.address);
  supplier = await createSupplier(
    world.db,
    ['one', 'two'].map((name) => ({
      schema: 1,
      name: `${name} ${randomUUID()}`,
      starts: { on: 'client.booked' },
      steps: [
        { key: 'call', type: 'task', title: 'Call', when: { anchor: 'journey_start' } },
        {
          key: 'long_before',
          type: 'task',
          title: 'Far too late',
          when: { anchor: 'wedding_date', offset: { months: -600 } },
        },
        { key: 'day_after', type: 'task', title: 'Thank', when: { anchor: 'wedding_date', offset: { days: 1 } } },
      ],
    })),
  );
});
afterAll(async () => {
  await client?.connection.close();
  await world?.close();
});

const inTenant = <T>(work: (trx: Trx) => Promise<T>): Promise<T> =>
  withTenant(world.db.api, { organizationId: supplier.organizationId, actor: 'user:somebody' }, work);
const enrol = (journeyId: string, segment: Segment) => {
  const by: Commander = { actor: 'user:somebody', now: `${new Date().toISOString().slice(0, 19)}Z` };
  return inTenant((trx) => enrolSegment(trx, by, journeyId, segment));
};
const batch = async (batchId: string): Promise<BatchProgress | undefined> =>
  (await inTenant((trx) => listBatches(trx, batchId)))[0];
const leads = async (count: number, tag: string): Promise<string[]> => {
  const rows = await world.db.query<{ id: string }>(
    `insert into app.clients (organization_id, partner_1_name, status, wedding_date, wedding_timezone, tags)
     select $1, 'Couple ' || i, 'lead', '2031-05-03', 'Europe/London', array[$3] from generate_series(1, $2::int) i returning id`,
    [supplier.organizationId, count, tag],
  );
  await world.db.query(`update app.outbox set processed_at = now() where event = 'client.created'`);
  return rows.map(({ id }) => id);
};

describe('many couples are put on a journey at once', () => {
  test('every couple that matches, once, each with its own plan; the others are named', async () => {
    const worker = await world.startWorker();
    const [journeyId = ''] = supplier.journeyIds;
    const ids = await leads(30, 'first');
    const nobody = randomUUID();
    const listed = await enrol(journeyId, { clientIds: [...ids.slice(0, 3), nobody] });
    expect(listed).toMatchObject({ ok: true, enrolled: 3, alreadyOnIt: 0, unknown: [nobody] });
    const rest = await enrol(journeyId, { tag: 'first' });
    expect(rest).toMatchObject({ ok: true, enrolled: 27, alreadyOnIt: 3, unknown: [] });
    expect(await enrol(journeyId, { tag: 'first' })).toMatchObject({ enrolled: 0, alreadyOnIt: 30, batchId: null });
    if (!rest.ok) throw new Error(rest.message);
    expect(rest.plans[0]?.plan.steps.map(({ key, state }) => [key, state])).toEqual([
      ['call', 'planned'],
      ['long_before', 'will_skip'],
      ['day_after', 'planned'],
    ]);
    await eventually('all have begun', async () => {
      const done = await world.db.query(
        `select from app.journey_step_executions s where organization_id = $1 and step_key = 'call' and state = 'done'`,
        [supplier.organizationId],
      );
      return done.length === 30;
    });
    const ended = await eventually('the batch is done', async () => {
      const one = await batch(rest.batchId ?? '');
      return one?.status === 'done' && one;
    });
    expect(ended).toMatchObject({ total: 27, started: 27, requestedBy: 'user:somebody' });
    await worker.stop();
  });

  test(
    'a worker that is killed in the middle is followed by another, and nobody begins twice',
    { timeout: 600_000 },
    async () => {
      const [, journeyId = ''] = supplier.journeyIds;
      await leads(150, 'second');
      // So slow that it can be killed between two pages.
      const first = await startWorkerProcess(world, undefined, { WORKER_ENROLMENTS_PER_SECOND: '20' });
      onTestFinished(() => first.kill());
      const enrolled = await enrol(journeyId, { tag: 'second' });
      if (!enrolled.ok) throw new Error(enrolled.message);
      const batchId = enrolled.batchId ?? '';
      await eventually('the first page has begun', async () => ((await batch(batchId))?.started ?? 0) >= 100, 150_000);
      await first.kill();
      expect((await batch(batchId))?.status).toBe('open');
      const second = await world.startWorker();
      await eventually('all have begun', async () => (await batch(batchId))?.status === 'done', 150_000);
      expect(await batch(batchId)).toMatchObject({ total: 150, started: 150 });
      await eventually(
        'each couple has its one task',
        async () => {
          const rows = await world.db.query<{ tasks: string; couples: string }>(
            `select count(*) as tasks, count(distinct t.client_id) as couples
         from app.tasks t join app.clients c on c.id = t.client_id where c.tags @> '{second}'`,
          );
          return rows[0]?.tasks === '150' && rows[0].couples === '150';
        },
        150_000,
      );
      const description = await client.workflow.getHandle(`enrol/${supplier.organizationId}/${batchId}`).describe();
      expect(description.priority?.priorityKey).toBe(4);
      await second.stop();
    },
  );

  test('the first plans of a large batch wait until it is started; those of a few hundred couples do not', () => {
    expect(holdMs(10_000, 200)).toBe(50_000);
    expect(holdMs(1_000, 10)).toBe(0);
    expect(holdMs(1_000_000, 150)).toBe(120_000);
  });

  test('a couple that waits for its first plan has it when its time has come, once, whatever is told of it meanwhile', async () => {
    const [journeyId = ''] = supplier.journeyIds;
    const [clientId = ''] = await leads(1, 'third');
    await enrol(journeyId, { tag: 'third' });
    const [row] = await world.db.query<{ id: string }>(`select id from app.journey_executions where client_id = $1`, [
      clientId,
    ]);
    const { organizationId } = supplier;
    const [head] = await inTenant((trx) => executionHeads(trx, [row?.id ?? '']));
    if (head === undefined) throw new Error('There is no execution.');
    const workflows = createJourneyWorkflows(client);
    await workflows.start(head, { priorityKey: LAST, afterMs: 500 });
    const handle = client.workflow.getHandle(workflowIdOf(organizationId, head.executionId));
    const [begun] = (await handle.fetchHistory()).events ?? [];
    expect(begun?.workflowExecutionStartedEventAttributes?.firstWorkflowTaskBackoff?.nanos).toBe(500e6);
    expect(await workflows.wake(organizationId, head.executionId, randomUUID())).toBe(true);
    const worker = await world.startWorker();
    await eventually('it is planned', async () => {
      const tasks = await world.db.query(`select from app.tasks where client_id = $1`, [clientId]);
      return tasks.length === 1;
    });
    await worker.stop();
  });
});
