import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { eventually } from '../support/eventually.ts';
import { mailsArrive, mailsTo, nextMailFails } from '../support/mails.ts';
import { createSupplier, createWorld, type Supplier, type World } from '../support/world.ts';
import { RESUMED_WITHIN_MS } from './support/scale.ts';

let world: World;
let supplier: Supplier;

beforeAll(async () => {
  world = await createWorld();
  supplier = await createSupplier(world.db, [
    {
      schema: 1,
      name: 'Soon',
      starts: { on: 'client.booked' },
      steps: [
        {
          key: 'first',
          type: 'email',
          when: { anchor: 'journey_start' },
          template: 'welcome',
          purpose: 'transactional',
        },
        {
          key: 'second',
          type: 'email',
          when: { anchor: 'event:photos.ready' },
          template: 'reminder',
          purpose: 'transactional',
        },
      ],
    },
  ]);
});
afterAll(() => world?.close());

const photosAreReady = (clientId: string): Promise<unknown> =>
  world.db.query(
    `insert into app.client_events (organization_id, client_id, name, source) values ($1, $2, 'photos.ready', 'api')`,
    [supplier.organizationId, clientId],
  );

describe('what happens while something is away is made up for', { timeout: 300_000 }, () => {
  test('no worker: what was booked meanwhile is carried out when one starts', async () => {
    const clientId = await supplier.book({ email: 'patient@example.com' });
    const worker = await world.startWorker();
    await mailsArrive(world, 'patient@example.com', 1);
    await worker.stop();
    await photosAreReady(clientId);
    await world.startWorker();
    await mailsArrive(world, 'patient@example.com', 2);
    expect(await mailsTo(world, 'patient@example.com')).toHaveLength(2);
  });

  test('the Temporal server is restarted: sleeping executions go on where they were', async () => {
    const clientId = await supplier.book({ email: 'sleeper@example.com' });
    await mailsArrive(world, 'sleeper@example.com', 1);
    await world.restartTemporal();
    await photosAreReady(clientId);
    await mailsArrive(world, 'sleeper@example.com', 2, RESUMED_WITHIN_MS);
    const left = await eventually('every event has reached its journeys', async () => {
      const rows = await world.db.query(`select id from app.outbox where processed_at is null`);
      return rows.length === 0 && 'all';
    });
    expect(left).toBe('all');
    expect(await mailsTo(world, 'sleeper@example.com')).toHaveLength(2);
  });

  test('the Temporal server is killed while a mail is on its way: it goes once, and the step ends', async () => {
    await nextMailFails(world, { kind: 'late_answer', to: 'midway@example.com', delayMs: 1_500 });
    const clientId = await supplier.book({ email: 'midway@example.com' });
    await mailsArrive(world, 'midway@example.com', 1);
    await world.restartTemporal('killed');
    await eventually(
      'the step has ended',
      async () => {
        const [row] = await world.db.query<{ state: string; status: string }>(
          `select s.state, c.status from app.journey_step_executions s
           join app.communications c on c.step_execution_id = s.id where c.client_id = $1`,
          [clientId],
        );
        return row?.state === 'done' && row.status === 'sent';
      },
      RESUMED_WITHIN_MS,
    );
    await photosAreReady(clientId);
    await mailsArrive(world, 'midway@example.com', 2, RESUMED_WITHIN_MS);
    expect(await mailsTo(world, 'midway@example.com')).toHaveLength(2);
  });
});
