import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { createDeliverWebhook } from '../../activities/deliver-webhook.ts';
import { createWebhookChannel } from '../../channels/webhook/webhook-channel.ts';
import { dispatchOnce } from '../../worker/webhook-dispatch.ts';
import { allowPorts, startReceiver } from '../channels/webhook/receiver.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { bundleWorkflows, startVirtualTime, testDataConverter, testKeyRing } from '../support/temporal.ts';
import { createEndpoint } from './endpoint.ts';

let db: TestDatabase;
let env: TestWorkflowEnvironment;
beforeAll(async () => {
  [db, env] = await Promise.all([createTestDatabase(), startVirtualTime()]);
});
afterAll(async () => {
  await env?.teardown();
  await db?.close();
});

test('a receiver that is down for three days gets each webhook once, and no history grows meanwhile', async () => {
  const upAgainAt = (await env.currentTimeMs()) + 72 * 3_600_000;
  let virtualNow = await env.currentTimeMs();
  const accepted: string[] = [];
  const receiver = await startReceiver((request, response) => {
    const up = virtualNow >= upAgainAt;
    if (up) accepted.push(String(request.headers['webhook-id']));
    response.writeHead(up ? 200 : 503).end();
  });
  const endpoint = await createEndpoint(db, receiver.url);
  const deliveries = [await endpoint.deliver('one'), await endpoint.deliver('two'), await endpoint.deliver('three')];
  const clock = async (): Promise<Date> => {
    virtualNow = await env.currentTimeMs();
    return new Date(virtualNow);
  };
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue: 'webhooks',
    workflowBundle: await bundleWorkflows(),
    dataConverter: testDataConverter,
    activities: {
      deliverWebhook: createDeliverWebhook({
        database: db.worker,
        clock,
        channel: createWebhookChannel({ allowList: allowPorts(receiver.port) }),
        sealingKeys: testKeyRing,
        random: () => 0.5,
      }),
    },
  });
  const options = {
    relayDatabase: db.relay,
    client: env.client,
    taskQueue: 'webhooks',
    log: pino({ level: 'silent' }),
  };
  await worker.runUntil(async () => {
    expect(await dispatchOnce(options)).toBe(3);
    expect(await dispatchOnce(options)).toBe(0);
    for (const { organizationId, deliveryId } of deliveries) {
      const handle = env.client.workflow.getHandle(`webhook/${organizationId}/${deliveryId}/0`);
      expect(await handle.result()).toBe('delivered');
      const { events = [] } = await handle.fetchHistory();
      expect(events?.length).toBeLessThanOrEqual(11);
    }
  });
  expect(accepted.sort()).toEqual(deliveries.map(({ deliveryId }) => `msg_${deliveryId.replaceAll('-', '')}`).sort());
  const attempts = await db.query<{ waited: number; decision: string }>(
    `select decision, round(extract(epoch from occurred_at - lag(occurred_at) over (order by attempt)))::int as waited
       from app.webhook_delivery_attempts where delivery_id = $1 order by attempt`,
    [deliveries[0]?.deliveryId],
  );
  expect(attempts).toHaveLength(10);
  expect(attempts.at(-1)).toMatchObject({ decision: 'delivered' });
  // 503 asks for a minute at least, so that the second attempt comes after 60 seconds and not after five.
  const ladder = [60, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
  for (const [index, wait] of ladder.entries()) {
    const waited = attempts[index + 1]?.waited ?? 0;
    expect(waited).toBeGreaterThanOrEqual(wait - 1);
    expect(waited).toBeLessThan(wait + 60);
  }
  await receiver.stop();
});
