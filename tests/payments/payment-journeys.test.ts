import fastify, { type FastifyInstance } from 'fastify';
import { Stripe } from 'stripe';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { registerInboundRoutes } from '../../api/inbound/register-inbound-routes.ts';
import { withTenant } from '../../db/tenant.ts';
import { createInboundEndpoint } from '../../services/inbound/create-inbound-endpoint.ts';
import { stripeBody } from '../channels/intake/stripe-fixtures.ts';
import { eventually } from '../support/eventually.ts';
import { testKeyRing } from '../support/temporal.ts';
import { createSupplier, createWorld, type World } from '../support/world.ts';

let world: World;
let app: FastifyInstance;
beforeAll(async () => {
  world = await createWorld();
  app = fastify();
  await registerInboundRoutes(app, { database: world.db.api, sealingKeys: testKeyRing, now: () => new Date() });
  await world.startWorker();
});
afterAll(async () => {
  await app?.close();
  await world?.close();
});

const THANKS = {
  schema: 1,
  name: 'Thank you',
  starts: { on: 'payment.succeeded', match: { kind: 'balance' }, reEntry: 'per_trigger' },
  steps: [{ key: 'thanks', type: 'task', title: 'Thank them', when: { anchor: 'journey_start' } }],
};
const CHASE = {
  schema: 1,
  name: 'Overdue',
  starts: { on: 'invoice.overdue', reEntry: 'per_trigger' },
  steps: [{ key: 'chase', type: 'task', title: 'Chase them', when: { anchor: 'journey_start' } }],
};
const REMINDERS = {
  schema: 1,
  name: 'Balance',
  starts: { on: 'client.booked' },
  steps: [
    {
      key: 'before',
      type: 'email',
      template: 'reminder',
      when: { anchor: 'payment_due:balance', offset: { days: -7 } },
    },
    { key: 'after', type: 'email', template: 'reminder', when: { anchor: 'payment_due:balance', offset: { days: 7 } } },
  ],
};
const ORDERS = [
  ['payment_intent.succeeded', 'charge.refunded', 'payment_intent.payment_failed', 'invoice.overdue'],
  ['charge.refunded', 'invoice.overdue', 'payment_intent.succeeded', 'payment_intent.payment_failed'],
  ['payment_intent.payment_failed', 'payment_intent.succeeded', 'invoice.overdue'],
];

test.each(ORDERS.map((order) => [order.join(', '), order] as const))(
  'a balance paid through Stripe is thanked for once and reminded of no more: %s',
  async (_name, order) => {
    const supplier = await createSupplier(world.db, [THANKS, CHASE, REMINDERS]);
    const { organizationId } = supplier;
    const clientId = await supplier.book({ name: 'Niamh' });
    const [payment] = await world.db.query<{ id: string }>(
      `insert into app.payments (organization_id, client_id, kind, amount, due_on)
       values ($1, $2, 'balance', 145000, current_date + 30) returning id`,
      [organizationId, clientId],
    );
    const stepsNow = () =>
      world.db.query<{ key: string; state: string; reason: string }>(
        `select s.step_key as key, s.state, s.reason ->> 'code' as reason from app.journey_step_executions s
           join app.journey_executions e on e.id = s.execution_id where e.client_id = $1 order by s.step_key`,
        [clientId],
      );
    await eventually('the reminders are planned for the due date', async () => {
      const planned = (await stepsNow()).filter(({ key, state }) => /before|after/.test(key) && state === 'planned');
      return planned.length === 2;
    });

    const { token } = await withTenant(world.db.api, { organizationId, actor: 'test' }, (trx) =>
      createInboundEndpoint(
        trx,
        organizationId,
        { name: 'Stripe', provider: 'stripe', secrets: ['whsec_x'], isLive: false },
        testKeyRing,
      ),
    );
    for (const name of [...order, ...order]) {
      const payload = stripeBody(name)
        .toString()
        .replaceAll('0d2f8d9e-8f5b-4a6a-9a43-7f0b5f9a1c02', organizationId)
        .replaceAll('a1b4f1f0-2c1d-4e9a-8a52-6f7f1c8d9e01', clientId)
        .replaceAll('b7e1c0d4-53c9-4f0e-a7f6-9d1e2a3b4c5d', payment?.id ?? '');
      const headers = {
        'content-type': 'application/json',
        'stripe-signature': Stripe.webhooks.generateTestHeaderString({ payload, secret: 'whsec_x' }),
      };
      const answer = await app.inject({
        method: 'POST',
        url: `/integrations/stripe/webhook/${token}`,
        headers,
        payload,
      });
      expect(answer.statusCode).toBe(200);
    }

    const tasks = () =>
      world.db.query<{ title: string }>(`select title from app.tasks where client_id = $1`, [clientId]);
    await eventually('the thanks are there', async () => (await tasks()).length > 0);
    await eventually('nothing is left to be processed or told', async () => {
      const [left] = await world.db.query<{ count: string }>(
        `select (select count(*) from app.webhook_events where organization_id = $1 and status <> 'processed')
              + (select count(*) from app.outbox where organization_id = $1 and processed_at is null) as count`,
        [organizationId],
      );
      return left?.count === '0';
    });
    const refunded = order.includes('charge.refunded');
    if (!refunded) {
      await eventually(
        'the reminders are off',
        async () => (await stepsNow()).filter(({ reason }) => reason === 'already_paid').length === 2,
      );
    }
    expect((await tasks()).map(({ title }) => title)).toEqual(['Thank them']);
    const mails = await world.db.query(`select id from app.communications where client_id = $1`, [clientId]);
    expect(mails).toEqual([]);
  },
);
