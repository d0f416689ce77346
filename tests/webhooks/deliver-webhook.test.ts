import { ApplicationFailure } from '@temporalio/common';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { createDeliverWebhook } from '../../activities/deliver-webhook.ts';
import { createWebhookChannel, type WebhookChannel } from '../../channels/webhook/webhook-channel.ts';
import { withRelay } from '../../db/relay.ts';
import { withTenant } from '../../db/tenant.ts';
import { leaseDeliveries, type DeliveryRef } from '../../db/webhook-deliveries.ts';
import { replayDeliveries, switchWebhook } from '../../db/webhooks.ts';
import { removeWebhook } from '../../services/webhooks/remove-webhook.ts';
import { allowPorts, startReceiver } from '../channels/webhook/receiver.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { testKeyRing } from '../support/temporal.ts';
import { createEndpoint } from './endpoint.ts';

const HOUR = 3_600_000;
let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());
const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** A receiver whose answers the test chooses, and the activity with a clock that the test moves. */
async function setUp(wrap: (channel: WebhookChannel) => WebhookChannel = (channel) => channel) {
  const answer = { status: 204, headers: {} as Record<string, string> };
  const receiver = await startReceiver((_request, response) =>
    response.writeHead(answer.status, answer.headers).end('{"ok":true}'),
  );
  cleanUps.push(receiver.stop);
  const clock = { now: new Date('2026-11-20T10:00:00Z') };
  const deliver = createDeliverWebhook({
    database: db.worker,
    clock: async () => clock.now,
    channel: wrap(createWebhookChannel({ allowList: allowPorts(receiver.port), now: () => clock.now })),
    sealingKeys: testKeyRing,
    random: () => 0.5,
  });
  /** One attempt: how the delivery ended, or the wait that Temporal is told. */
  const attempt = async (ref: DeliveryRef): Promise<string | number> => {
    try {
      return await deliver(ref);
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error;
      return Number(error.nextRetryDelay);
    }
  };
  const advance = (ms: number): void => {
    clock.now = new Date(clock.now.getTime() + ms);
  };
  return { receiver, answer, clock, attempt, advance };
}

const rowsOf = async (ref: DeliveryRef) => ({
  delivery: (
    await db.query('select status, attempt_count, last_error from app.webhook_deliveries where id = $1', [
      ref.deliveryId,
    ])
  )[0],
  attempts: await db.query<{ attempt: number; decision: string; response_status: number | null }>(
    'select attempt, decision, response_status from app.webhook_delivery_attempts where delivery_id = $1 order by attempt',
    [ref.deliveryId],
  ),
});
const endpointRow = async (id: string) =>
  (
    await db.query('select is_active, disabled_reason, failing_since, failure_count from app.webhooks where id = $1', [
      id,
    ])
  )[0];
const notesOf = (organizationId: string) =>
  db.query<{ title: string; recipient_role: string }>(
    'select title, recipient_role from app.notifications where organization_id = $1 order by created_at',
    [organizationId],
  );

describe('a delivery', () => {
  test('arrives signed with the endpoint’s secret, in the order of the specification, and is written down', async () => {
    const { receiver, attempt } = await setUp();
    const endpoint = await createEndpoint(db, receiver.url);
    const ref = await endpoint.deliver('one');
    expect(await attempt(ref)).toBe('delivered');
    const [got] = receiver.received;
    expect(got?.body.toString()).toBe('{"type":"step.done","timestamp":"2026-11-20T10:00:00Z","data":{"key":"one"}}');
    expect(got?.headers['webhook-id']).toBe(`msg_${ref.deliveryId.replaceAll('-', '')}`);
    const verifier = new StandardWebhook(endpoint.secret);
    const signature = verifier.sign(
      String(got?.headers['webhook-id']),
      new Date('2026-11-20T10:00:00Z'),
      got?.body.toString() ?? '',
    );
    expect(got?.headers['webhook-signature']).toBe(signature);
    expect(await rowsOf(ref)).toEqual({
      delivery: { status: 'succeeded', attempt_count: 1, last_error: null },
      attempts: [{ attempt: 1, decision: 'delivered', response_status: 204 }],
    });
  });

  test('that has arrived is not sent again, however often it is asked for', async () => {
    const { receiver, attempt } = await setUp();
    const ref = await (await createEndpoint(db, receiver.url)).deliver('once');
    expect([await attempt(ref), await attempt(ref), await attempt(ref)]).toEqual([
      'delivered',
      'succeeded',
      'succeeded',
    ]);
    expect(receiver.received).toHaveLength(1);
  });

  test('climbs the ladder with the waits that are documented, each attempt a row, and is given up with a word to the owner', async () => {
    const { receiver, answer, attempt, advance } = await setUp();
    answer.status = 500;
    const endpoint = await createEndpoint(db, receiver.url);
    const ref = await endpoint.deliver('ladder');
    const waits: number[] = [];
    let ended = await attempt(ref);
    while (typeof ended === 'number') {
      waits.push(ended / 1000);
      advance(ended);
      ended = await attempt(ref);
    }
    expect(ended).toBe('exhausted');
    expect(waits).toEqual([5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
    const { delivery, attempts } = await rowsOf(ref);
    expect(delivery).toMatchObject({ status: 'exhausted', attempt_count: 10 });
    expect(attempts.map(({ decision }) => decision)).toEqual([
      ...Array.from({ length: 9 }, () => 'retry'),
      'exhausted',
    ]);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    const titles = (await notesOf(endpoint.organizationId)).map(({ title }) => title);
    expect(titles).toContain(`Something could not be delivered to the webhook "${endpoint.name}"`);
  });

  test('is not tried before its time where something calls too early', async () => {
    const { receiver, answer, attempt, advance } = await setUp();
    answer.status = 503;
    answer.headers = { 'retry-after': '3600' };
    const ref = await (await createEndpoint(db, receiver.url)).deliver('early');
    expect(await attempt(ref)).toBe(HOUR);
    advance(HOUR / 2);
    expect(await attempt(ref)).toBe(HOUR / 2);
    expect(receiver.received).toHaveLength(1);
    answer.status = 200;
    advance(HOUR / 2);
    expect(await attempt(ref)).toBe('delivered');
  });
});

describe('a worker that dies', () => {
  class Killed extends Error {}

  test('before the request left loses nothing: the attempt is a lost one, and the next is made', async () => {
    let alive = false;
    const { receiver, attempt } = await setUp((channel) => ({
      ...channel,
      send: (message, options) => (alive ? channel.send(message, options) : Promise.reject(new Killed())),
    }));
    const ref = await (await createEndpoint(db, receiver.url)).deliver('killed-before');
    await expect(attempt(ref)).rejects.toThrow(Killed);
    alive = true;
    expect(await attempt(ref)).toBe('delivered');
    expect((await rowsOf(ref)).attempts.map(({ decision }) => decision)).toEqual(['lost', 'delivered']);
    expect(receiver.received).toHaveLength(1);
  });

  test('after the request arrived makes it arrive twice under one id, by which the receiver knows', async () => {
    let alive = false;
    const { receiver, attempt } = await setUp((channel) => ({
      ...channel,
      send: async (message, options) => {
        const result = await channel.send(message, options);
        if (!alive) throw new Killed();
        return result;
      },
    }));
    const ref = await (await createEndpoint(db, receiver.url)).deliver('killed-after');
    await expect(attempt(ref)).rejects.toThrow(Killed);
    alive = true;
    expect(await attempt(ref)).toBe('delivered');
    expect(receiver.received).toHaveLength(2);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  test('after it was written down, and before Temporal heard of it, sends nothing more', async () => {
    const { receiver, attempt } = await setUp();
    const ref = await (await createEndpoint(db, receiver.url)).deliver('killed-last');
    await attempt(ref);
    expect(await attempt(ref)).toBe('succeeded');
    expect(receiver.received).toHaveLength(1);
  });
});

describe('an endpoint', () => {
  test('that wants nothing more is switched off at once, its owner is told, and what waits for it is cancelled', async () => {
    const { receiver, answer, attempt } = await setUp();
    answer.status = 410;
    const endpoint = await createEndpoint(db, receiver.url);
    const [first, second] = [await endpoint.deliver('gone-1'), await endpoint.deliver('gone-2')];
    expect(await attempt(first)).toBe('switch_off');
    expect(await endpointRow(endpoint.webhookId)).toMatchObject({
      is_active: false,
      disabled_reason: expect.stringContaining('wants nothing more'),
    });
    expect(await attempt(second)).toBe('cancelled');
    expect(receiver.received).toHaveLength(1);
    expect(await notesOf(endpoint.organizationId)).toEqual([
      { title: `The webhook "${endpoint.name}" was switched off`, recipient_role: 'owner' },
    ]);
  });

  test('at a forbidden address is switched off without a connection', async () => {
    const { receiver, attempt } = await setUp();
    const endpoint = await createEndpoint(db, 'https://169.254.169.254/latest');
    expect(await attempt(await endpoint.deliver('inner'))).toBe('switch_off');
    expect(receiver.received).toHaveLength(0);
    expect(await endpointRow(endpoint.webhookId)).toMatchObject({ is_active: false });
  });

  test('that takes nothing for five days is warned about twice and then switched off', async () => {
    const { receiver, answer, attempt, advance } = await setUp();
    answer.status = 500;
    const endpoint = await createEndpoint(db, receiver.url);
    for (const hours of [0, 59, 2, 30, 18, 2, 10]) {
      advance(hours * HOUR);
      await attempt(await endpoint.deliver(`five-days-${Math.random()}`));
    }
    expect((await notesOf(endpoint.organizationId)).map(({ title }) => title)).toEqual([
      `The webhook "${endpoint.name}" keeps failing`,
      `The webhook "${endpoint.name}" keeps failing`,
      `The webhook "${endpoint.name}" was switched off`,
    ]);
  });

  test('that answers once is healthy again', async () => {
    const { receiver, answer, attempt, advance } = await setUp();
    const endpoint = await createEndpoint(db, receiver.url);
    answer.status = 500;
    await attempt(await endpoint.deliver('ill'));
    expect(await endpointRow(endpoint.webhookId)).toMatchObject({
      failure_count: 1,
      failing_since: new Date('2026-11-20T10:00:00Z'),
    });
    answer.status = 200;
    advance(HOUR);
    await attempt(await endpoint.deliver('well'));
    expect(await endpointRow(endpoint.webhookId)).toMatchObject({ failure_count: 0, failing_since: null });
  });
});

describe('a replay', () => {
  const replay = (organizationId: string, choice: Parameters<typeof replayDeliveries>[1]) =>
    withTenant(db.api, { organizationId, actor: 'test' }, (trx) => replayDeliveries(trx, choice));

  test('of one delivery sends it again under the same id, with a ladder of its own', async () => {
    const { receiver, answer, attempt } = await setUp();
    const endpoint = await createEndpoint(db, receiver.url);
    const ref = await endpoint.deliver('again');
    await attempt(ref);
    expect(await replay(endpoint.organizationId, { deliveryId: ref.deliveryId })).toBe(1);
    answer.status = 500;
    // The first rung again, although it is the second attempt.
    expect(await attempt({ ...ref, run: 1 })).toBe(5000);
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual(
      Array(2).fill(`msg_${ref.deliveryId.replaceAll('-', '')}`),
    );
    // What is left of the first run has nothing to do any more.
    expect(await attempt(ref)).toBe('superseded');
  });

  test('of all that failed since a time leaves alone what arrived and what is older', async () => {
    const { receiver, answer, attempt } = await setUp();
    const endpoint = await createEndpoint(db, receiver.url);
    const arrived = await endpoint.deliver('arrived');
    await attempt(arrived);
    answer.status = 413;
    const [old, failed] = [await endpoint.deliver('old'), await endpoint.deliver('failed')];
    await attempt(old);
    await attempt(failed);
    await db.query(`update app.webhook_deliveries set created_at = now() - interval '9 days' where id = $1`, [
      old.deliveryId,
    ]);
    const since = new Date(Date.now() - 24 * HOUR);
    const choice = { webhookId: endpoint.webhookId, since, until: null, onlyFailed: true };
    expect(await replay(endpoint.organizationId, choice)).toBe(1);
    expect((await rowsOf(failed)).delivery).toMatchObject({ status: 'pending' });
    expect((await rowsOf(arrived)).delivery).toMatchObject({ status: 'succeeded' });
    // Another organization's replay reaches none of them.
    const other = await createEndpoint(db, receiver.url);
    expect(await replay(other.organizationId, { ...choice, webhookId: null, onlyFailed: false })).toBe(0);
  });
});

describe('what happens while an endpoint is switched off', () => {
  test('is written down and comes with a replay, once it is on again', async () => {
    const { receiver, attempt } = await setUp();
    const endpoint = await createEndpoint(db, receiver.url);
    const { organizationId, webhookId } = endpoint;
    const switchTo = (on: boolean, at = new Date()) =>
      withTenant(db.api, { organizationId, actor: 'test' }, (trx) => switchWebhook(trx, webhookId, on, 'repair', at));
    const happen = (key: string) =>
      db.query(`select app.tell_webhooks($1, null, 'journey.completed', $2, '{}')`, [organizationId, key]);
    await switchTo(false, new Date(Date.now() - 31 * 24 * HOUR));
    await happen('given up');
    await switchTo(false);
    await happen('missed');
    await switchTo(true);
    await withTenant(db.api, { organizationId, actor: 'test' }, (trx) =>
      replayDeliveries(trx, { webhookId, since: new Date(Date.now() - HOUR), until: null, onlyFailed: true }),
    );
    const deliveries = await db.query<{ id: string; key: string }>(
      `select id, idempotency_key as key from app.webhook_deliveries where webhook_id = $1`,
      [webhookId],
    );
    expect(deliveries.map(({ key }) => key)).toEqual([`missed/${webhookId}`]);
    expect(await attempt({ organizationId, deliveryId: deliveries[0]?.id ?? '', run: 1 })).toBe('delivered');
    expect(receiver.received).toHaveLength(1);
  });
});

test('what an endpoint was removed in the midst of is cancelled, and a replay leaves it alone', async () => {
  const { receiver, answer, attempt, advance } = await setUp();
  const endpoint = await createEndpoint(db, receiver.url);
  answer.status = 500;
  const [ref, later] = [await endpoint.deliver('under way'), await endpoint.deliver('waiting')];
  const waitMs = Number(await attempt(ref));
  const inTenant = <T>(work: Parameters<typeof withTenant<T>>[2]) =>
    withTenant(db.api, { organizationId: endpoint.organizationId, actor: 'test' }, work);
  expect(await inTenant((trx) => removeWebhook(trx, endpoint.webhookId, new Date()))).toBe(2);
  answer.status = 204;
  advance(waitMs);
  expect([await attempt(ref), await attempt(later)]).toEqual(['cancelled', 'cancelled']);
  expect(await inTenant((trx) => replayDeliveries(trx, { deliveryId: ref.deliveryId }))).toBe(0);
  expect(receiver.received).toHaveLength(1);
  expect((await rowsOf(ref)).delivery).toMatchObject({ status: 'cancelled', last_error: 'The endpoint was removed.' });
});

describe('the order of deliveries', () => {
  const lease = async (organizationId: string) => {
    const leased = await withRelay(db.relay, (trx) => leaseDeliveries(trx, 1000, 60_000));
    return leased.filter((delivery) => delivery.organizationId === organizationId).map(({ deliveryId }) => deliveryId);
  };

  test('is kept for each couple where the endpoint asks for it: the next waits for the one before', async () => {
    const { receiver, attempt } = await setUp();
    const endpoint = await createEndpoint(db, receiver.url, { isOrdered: true });
    const [ana, ben] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
    const first = await endpoint.deliver('ana-1', ana);
    const second = await endpoint.deliver('ana-2', ana);
    const other = await endpoint.deliver('ben-1', ben);
    expect(await lease(endpoint.organizationId)).toEqual([first.deliveryId, other.deliveryId]);
    expect(await lease(endpoint.organizationId)).toEqual([]);
    await attempt(first);
    expect(await lease(endpoint.organizationId)).toEqual([second.deliveryId]);
  });

  test('does not hold up anything where it does not', async () => {
    const { receiver } = await setUp();
    const endpoint = await createEndpoint(db, receiver.url);
    const refs = [await endpoint.deliver('a'), await endpoint.deliver('b')];
    expect((await lease(endpoint.organizationId)).sort()).toEqual(refs.map(({ deliveryId }) => deliveryId).sort());
  });
});
