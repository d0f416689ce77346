import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startWorker, type RunningWorker } from '../../worker/start-worker.ts';
import { startReceiver } from '../channels/webhook/receiver.ts';
import { eventually } from '../support/eventually.ts';
import { createSupplier, createWorld, type World } from '../support/world.ts';
import { createEndpoint } from './endpoint.ts';

let world: World;
let worker: RunningWorker | undefined;
let receiver: Awaited<ReturnType<typeof startReceiver>>;
/** What the receiver answers, by path. */
const answers: Record<string, { status: number; body: string }> = {};

beforeAll(async () => {
  [world, receiver] = await Promise.all([
    createWorld(),
    startReceiver((request, response) => {
      const { status, body } = answers[request.url ?? ''] ?? { status: 204, body: '' };
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    }),
  ]);
  worker = await startWorker({ ...world.workerOptions, webhookAllowList: `127.0.0.1:${receiver.port}` });
});
afterAll(async () => {
  await worker?.stop();
  await receiver?.stop();
  await world?.close();
});

const now = { anchor: 'journey_start' };
const addressOf = (path: string): string => `http://127.0.0.1:${receiver.port}${path}`;
const journey = (steps: unknown[]) => ({ schema: 1, name: 'Hooks', starts: { on: 'client.booked' }, steps });
const stepsOf = async (clientId: string) =>
  world.db.query<{ step_key: string; state: string; outcome: string | null; error_code: string | null }>(
    `select s.step_key, s.state, s.outcome, s.error_code from app.journey_step_executions s
       join app.journey_executions e on e.id = s.execution_id where e.client_id = $1 order by s.created_at, s.step_key`,
    [clientId],
  );
const ended = (clientId: string, key: string) =>
  eventually(`the step ${key} has ended`, async () => {
    const row = (await stepsOf(clientId)).find(({ step_key }) => step_key === key);
    return row !== undefined && ['done', 'failed', 'skipped', 'not_taken'].includes(row.state) && row;
  });

describe('a webhook step', () => {
  test('sends its payload with the couple’s values filled in, signed by the endpoint’s secret, and goes on', async () => {
    const steps = [
      {
        key: 'hook',
        type: 'webhook',
        when: now,
        endpoint: 'kitchen',
        payload: { couple: '{{ client.coupleName }}', seats: [1, { table: 'A' }] },
      },
      { key: 'plain', type: 'webhook', when: now, url: addressOf('/plain') },
    ];
    const supplier = await createSupplier(world.db, [journey(steps)]);
    const { organizationId } = supplier;
    const { webhookId } = await createEndpoint(world.db, addressOf('/kitchen'), {
      organizationId,
      events: ['nothing.else'],
    });
    await world.db.query(`update app.webhooks set name = 'kitchen' where id = $1`, [webhookId]);
    const clientId = await supplier.book({});
    const got = await eventually('both calls arrive', async () => {
      const mine = receiver.received.filter(({ path }) => path === '/kitchen' || path === '/plain');
      return mine.length === 2 && mine;
    });
    const bodyOf = (path: string): unknown => JSON.parse(got.find((one) => one.path === path)?.body.toString() ?? '');
    expect(bodyOf('/kitchen')).toEqual({ couple: 'Ana & Ben', seats: [1, { table: 'A' }] });
    expect(bodyOf('/plain')).toMatchObject({
      type: 'journey.webhook',
      data: { clientId, step: { key: 'plain', occurrence: 1 } },
    });
    expect(await ended(clientId, 'hook')).toMatchObject({ state: 'done' });
  });

  test('that waits for a value takes the arm that the answer says', async () => {
    answers['/value'] = { status: 200, body: '{"value": "approved"}' };
    const supplier = await createSupplier(world.db, [
      journey([
        {
          key: 'ask',
          type: 'webhook',
          when: now,
          url: addressOf('/value'),
          wait: { for: 'value', limit: { offset: { hours: 1 } } },
        },
        { key: 'check', type: 'condition', test: { field: 'step.ask.outcome', is: 'approved' } },
        { key: 'yes', type: 'task', title: 'Go on', in: { step: 'check', arm: 'yes' } },
        { key: 'no', type: 'task', title: 'Ask why', in: { step: 'check', arm: 'no' } },
      ]),
    ]);
    const clientId = await supplier.book({});
    expect(await ended(clientId, 'ask')).toMatchObject({ state: 'done', outcome: 'approved' });
    expect(await ended(clientId, 'yes')).toMatchObject({ state: 'done' });
    const tasks = await world.db.query(`select title from app.tasks where client_id = $1`, [clientId]);
    expect(tasks).toEqual([{ title: 'Go on' }]);
  });

  test('that waits fails where the receiver refuses for good, or answers without a value', async () => {
    answers['/refused'] = { status: 410, body: '' };
    answers['/silent'] = { status: 200, body: 'thanks' };
    const supplier = await createSupplier(world.db, [
      journey([
        { key: 'refused', type: 'webhook', when: now, url: addressOf('/refused'), wait: { for: 'accepted' } },
        { key: 'silent', type: 'webhook', when: now, url: addressOf('/silent'), wait: { for: 'value' } },
      ]),
    ]);
    const clientId = await supplier.book({});
    expect(await ended(clientId, 'refused')).toMatchObject({ state: 'failed', error_code: 'not_delivered' });
    expect(await ended(clientId, 'silent')).toMatchObject({ state: 'failed', error_code: 'no_value' });
  });

  test('that waits gives up at its limit, while the delivery goes on by its ladder', async () => {
    answers['/down'] = { status: 500, body: '' };
    const supplier = await createSupplier(world.db, [
      journey([
        {
          key: 'down',
          type: 'webhook',
          when: now,
          url: addressOf('/down'),
          wait: { for: 'accepted', limit: { offset: { hours: 1 } } },
        },
      ]),
    ]);
    const clientId = await supplier.book({});
    const delivery = await eventually('the first attempt has failed', async () => {
      const [row] = await world.db.query<{ id: string; step: string }>(
        `select id, step_execution_id as step from app.webhook_deliveries where client_id = $1 and status = 'failed'`,
        [clientId],
      );
      return row;
    });
    // The hour has passed: as far as the step's delivery knows it was begun an hour ago.
    await world.db.query(`update app.webhook_deliveries set created_at = now() - interval '1 hour' where id = $1`, [
      delivery.id,
    ]);
    await world.db.query(`update app.journey_step_executions set next_attempt_at = now() where id = $1`, [
      delivery.step,
    ]);
    await world.db.query(`update app.clients set tags = '{woken}' where id = $1`, [clientId]);
    expect(await ended(clientId, 'down')).toMatchObject({ state: 'failed', error_code: 'no_answer_in_time' });
    const [row] = await world.db.query(`select status from app.webhook_deliveries where id = $1`, [delivery.id]);
    expect(row).toEqual({ status: 'failed' });
  });

  test('to an address inside is refused, and nothing of ours is reached', async () => {
    const supplier = await createSupplier(world.db, [
      journey([
        { key: 'inner', type: 'webhook', when: now, url: 'https://127.0.0.1:7233/', wait: { for: 'accepted' } },
      ]),
    ]);
    const clientId = await supplier.book({});
    expect(await ended(clientId, 'inner')).toMatchObject({ state: 'failed', error_code: 'not_delivered' });
  });
});
