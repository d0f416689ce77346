import { Webhook as StandardWebhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startReceiver } from '../channels/webhook/receiver.ts';
import { eventually } from '../support/eventually.ts';
import { mailsArrive } from '../support/mails.ts';
import { createSupplier, createWorld, type World } from '../support/world.ts';
import { startWorker, type RunningWorker } from '../../worker/start-worker.ts';
import { addOwner, createEndpoint } from './endpoint.ts';

let world: World;
let worker: RunningWorker | undefined;
let receiver: Awaited<ReturnType<typeof startReceiver>>;

beforeAll(async () => {
  [world, receiver] = await Promise.all([createWorld(), startReceiver()]);
  worker = await startWorker({ ...world.workerOptions, webhookAllowList: `127.0.0.1:${receiver.port}` });
});
afterAll(async () => {
  await worker?.stop();
  await receiver?.stop();
  await world?.close();
});

type Event = { type: string; data: { clientId: string; step?: { key: string; reason: string } } };

test('what happens in a journey reaches the supplier’s endpoint, signed, once, without a name or an address of the couple', async () => {
  const supplier = await createSupplier(world.db, [
    {
      schema: 1,
      name: 'Welcome',
      starts: { on: 'client.booked' },
      steps: [
        { key: 'welcome', type: 'email', when: { anchor: 'journey_start' }, template: 'welcome' },
        {
          key: 'skipped',
          type: 'email',
          when: { anchor: 'journey_start' },
          onlyIf: { field: 'client.tags', has: 'vip' },
          template: 'reminder',
        },
      ],
    },
  ]);
  const { organizationId } = supplier;
  const { secret } = await createEndpoint(world.db, receiver.url, { organizationId });
  const clientId = await supplier.book({ email: 'hidden@example.com', name: 'Hidden Name' });
  const wanted = ['communication.sent', 'journey.completed', 'journey.started', 'step.done', 'step.skipped'];
  const events = await eventually('all events arrive', async () => {
    const types = receiver.received.map(({ body }) => (JSON.parse(body.toString()) as Event).type);
    return wanted.every((type) => types.includes(type)) && receiver.received;
  });
  const verifier = new StandardWebhook(secret);
  for (const { body, headers } of events) {
    expect(verifier.verify(body, headers as Record<string, string>)).toMatchObject({ data: { clientId } });
    expect(body.toString()).not.toMatch(/hidden/i);
  }
  const types = events.map(({ body }) => (JSON.parse(body.toString()) as Event).type).sort();
  expect(types).toEqual(wanted);
  const skipped = events
    .map(({ body }) => JSON.parse(body.toString()) as Event)
    .find(({ type }) => type === 'step.skipped');
  expect(skipped?.data.step).toMatchObject({ key: 'skipped', reason: 'only_if' });
});

test('who owns an endpoint that is switched off gets a mail of the platform’s', async () => {
  const endpoint = await createEndpoint(world.db, 'https://169.254.169.254/');
  await addOwner(world.db, endpoint.organizationId, 'olive@example.com');
  await endpoint.deliver('one');
  const [mail] = await mailsArrive(world, 'olive@example.com', 1);
  expect(mail?.subject).toBe(`The webhook "${endpoint.name}" was switched off (Wildflower)`);
});
