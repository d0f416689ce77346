import fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Stripe } from 'stripe';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { registerInboundRoutes } from '../../api/inbound/register-inbound-routes.ts';
import { openDatabase } from '../../db/database.ts';
import { withTenant } from '../../db/tenant.ts';
import { createInboundEndpoint } from '../../services/inbound/create-inbound-endpoint.ts';
import { replayUnclaimed } from '../../services/inbound/replay-unclaimed.ts';
import { processInboundOnce } from '../../worker/inbound-work.ts';
import { STRIPE_FIXTURES, stripeBody, stripeEvent, type StripeJson } from '../channels/intake/stripe-fixtures.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { testKeyRing } from '../support/temporal.ts';
import { createOrganization } from '../webhooks/endpoint.ts';

const SECRET = 'whsec_story';
const PLATFORM_SECRET = 'whsec_platform';
let db: TestDatabase;
let app: FastifyInstance;

beforeAll(async () => {
  db = await createTestDatabase();
  app = fastify();
  await registerInboundRoutes(app, {
    database: db.api,
    sealingKeys: testKeyRing,
    now: () => new Date(),
    platformStripeSecrets: [PLATFORM_SECRET],
  });
});
afterAll(async () => {
  await app?.close();
  await db?.close();
});

const FIXTURE = {
  organization: '0d2f8d9e-8f5b-4a6a-9a43-7f0b5f9a1c02',
  client: 'a1b4f1f0-2c1d-4e9a-8a52-6f7f1c8d9e01',
  payment: 'b7e1c0d4-53c9-4f0e-a7f6-9d1e2a3b4c5d',
};

/** A supplier with one couple that owes a deposit and a balance, and its own Stripe address. */
async function createStory(options: { isLive?: boolean; accountRef?: string } = {}) {
  const organizationId = await createOrganization(db);
  const [client] = await db.query<{ id: string }>(
    `insert into app.clients (organization_id, partner_1_name, status) values ($1, 'Niamh', 'booked') returning id`,
    [organizationId],
  );
  const clientId = client?.id ?? '';
  const payments = await db.query<{ id: string; kind: string }>(
    `insert into app.payments (organization_id, client_id, kind, amount, due_on)
     values ($1, $2, 'deposit', 30000, '2026-12-01'), ($1, $2, 'balance', 145000, '2027-05-01') returning id, kind`,
    [organizationId, clientId],
  );
  const balanceId = payments.find(({ kind }) => kind === 'balance')?.id ?? '';
  const { token } = await withTenant(db.api, { organizationId, actor: 'test' }, (trx) =>
    createInboundEndpoint(
      trx,
      organizationId,
      {
        name: 'Stripe',
        provider: 'stripe',
        secrets: [SECRET],
        isLive: options.isLive ?? false,
        accountRef: options.accountRef,
      },
      testKeyRing,
    ),
  );
  /** The fixture's bytes with this story's ids, as Stripe would sign and post them. */
  const post = async (body: string | Buffer, secret = SECRET, url = `/integrations/stripe/webhook/${token}`) => {
    const payload = body
      .toString()
      .replaceAll(FIXTURE.organization, organizationId)
      .replaceAll(FIXTURE.client, clientId)
      .replaceAll(FIXTURE.payment, balanceId);
    const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret });
    const headers = { 'stripe-signature': signature, 'content-type': 'application/json; charset=utf-8' };
    return app.inject({ method: 'POST', url, headers, payload });
  };
  return { organizationId, clientId, balanceId, token, post };
}

const work = async (): Promise<void> => {
  const options = { relayDatabase: db.relay, workerDatabase: db.worker, log: pino({ level: 'silent' }) };
  while ((await processInboundOnce(options)) > 0);
};
const paymentsOf = (clientId: string) =>
  db.query(
    `select kind, status, amount, amount_refunded as refunded, extract(epoch from paid_at)::int as paid_at, failure_code
       from app.payments where client_id = $1 order by kind, created_at`,
    [clientId],
  );
const invoicesOf = (clientId: string) =>
  db.query(
    `select invoice_number, status, total_amount, amount_paid, due_date::text from app.invoices where client_id = $1`,
    [clientId],
  );
const toldOf = (clientId: string) =>
  db.query<{ name: string; kind: string }>(
    `select name, data ->> 'kind' as kind from app.client_events
      where client_id = $1 and name in ('payment.succeeded', 'invoice.overdue') order by name, kind`,
    [clientId],
  );
const eventsOf = (organizationId: string) =>
  db.query<{ status: string; last_error: string | null; signature_verified: boolean }>(
    `select status, last_error, signature_verified from app.webhook_events where organization_id = $1 order by received_at`,
    [organizationId],
  );

const permutations = <T>(items: readonly T[]): T[][] =>
  items.length < 2
    ? [[...items]]
    : items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));

describe('a couple’s payments through Stripe', () => {
  test('end the same in every order of the events, each sent twice', async () => {
    const orders = permutations(STRIPE_FIXTURES);
    expect(orders).toHaveLength(120);
    for (const [index, order] of orders.entries()) {
      const story = await createStory();
      // Twice at once, twice in a row, or all again afterwards: whichever, by turns.
      const twice = index % 2 === 0 ? [...order, ...order.toReversed()] : order.flatMap((name) => [name, name]);
      for (const name of twice) {
        expect((await story.post(stripeBody(name))).statusCode).toBe(200);
        if (index % 3 === 0) await work();
      }
      await work();
      expect(await paymentsOf(story.clientId)).toEqual([
        {
          kind: 'balance',
          status: 'partially_refunded',
          amount: 145_000,
          refunded: 50_000,
          paid_at: 1_808_991_001,
          failure_code: null,
        },
        {
          kind: 'deposit',
          status: 'succeeded',
          amount: 30_000,
          refunded: 0,
          paid_at: 1_795_545_831,
          failure_code: null,
        },
      ]);
      expect(await invoicesOf(story.clientId)).toEqual([
        {
          invoice_number: 'AF-2027-0142',
          status: 'paid',
          total_amount: 145_000,
          amount_paid: 145_000,
          due_date: '2027-05-01',
        },
      ]);
      // Overdue is told only where the invoice came before any news of the money: nobody is reminded of what is paid.
      const paidAt = Math.min(order.indexOf('payment_intent.succeeded'), order.indexOf('charge.refunded'));
      const overdue = order.indexOf('invoice.overdue') < paidAt ? [{ name: 'invoice.overdue', kind: null }] : [];
      expect(await toldOf(story.clientId)).toEqual([
        ...overdue,
        { name: 'payment.succeeded', kind: 'balance' },
        { name: 'payment.succeeded', kind: 'deposit' },
      ]);
      expect((await eventsOf(story.organizationId)).map(({ status }) => status)).toEqual(Array(5).fill('processed'));
    }
  });

  test('are not made anew by a replay of every event', async () => {
    const story = await createStory();
    for (const name of STRIPE_FIXTURES) await story.post(stripeBody(name));
    await work();
    const before = [await paymentsOf(story.clientId), await toldOf(story.clientId)];
    await db.query(`update app.webhook_events set status = 'pending' where organization_id = $1`, [
      story.organizationId,
    ]);
    await work();
    expect([await paymentsOf(story.clientId), await toldOf(story.clientId)]).toEqual(before);
  });

  test('keep a history with the event that brought each change', async () => {
    const story = await createStory();
    await story.post(stripeBody('charge.refunded'));
    await story.post(stripeBody('payment_intent.succeeded'));
    await work();
    const history = await db.query(
      `select previous_status, new_status, stripe_event_id from app.payment_history where payment_id = $1 order by id`,
      [story.balanceId],
    );
    expect(history).toEqual([
      { previous_status: null, new_status: 'pending', stripe_event_id: null },
      { previous_status: 'pending', new_status: 'succeeded', stripe_event_id: 'evt_3TestRefunded0001' },
      {
        previous_status: 'succeeded',
        new_status: 'partially_refunded',
        stripe_event_id: 'evt_3TestRefunded0001#refund',
      },
    ]);
  });

  test('that a person marked as paid in cash are not taken back by a card that failed', async () => {
    const story = await createStory();
    await db.query(`update app.payments set status = 'succeeded' where id = $1`, [story.balanceId]);
    await story.post(stripeBody('payment_intent.payment_failed'));
    await work();
    expect(await paymentsOf(story.clientId)).toMatchObject([
      { kind: 'balance', status: 'succeeded' },
      { kind: 'deposit' },
    ]);
  });

  test('that we did not ask for are added to the couple', async () => {
    const story = await createStory();
    const metadata = { client_id: FIXTURE.client, kind: 'album' };
    await story.post(
      JSON.stringify(stripeEvent('payment_intent.succeeded', {}, { id: 'pi_album', metadata, amount_received: 9900 })),
    );
    await work();
    expect(await paymentsOf(story.clientId)).toMatchObject([
      { kind: 'album', status: 'succeeded', amount: 9900 },
      {},
      {},
    ]);
  });

  test('wait for the news that says whose they are, where a dispute or refund overtakes it', async () => {
    const story = await createStory();
    const dispute = { object: 'dispute', id: 'dp_1', amount: 145_000, status: 'needs_response', metadata: {} };
    await story.post(
      JSON.stringify(stripeEvent('charge.refunded', { id: 'evt_dispute', type: 'charge.dispute.created' }, dispute)),
    );
    await work();
    expect(await eventsOf(story.organizationId)).toMatchObject([
      { status: 'failed', last_error: expect.stringContaining('waits') },
    ]);
    await story.post(stripeBody('payment_intent.succeeded'));
    await work();
    expect((await eventsOf(story.organizationId)).map(({ status }) => status)).toEqual(['processed', 'processed']);
    const [row] = await db.query(`select metadata ->> 'dispute' as dispute from app.payments where id = $1`, [
      story.balanceId,
    ]);
    expect(row).toEqual({ dispute: 'open' });
    const disputed = await db.query(
      `select data from app.client_events where client_id = $1 and name = 'payment.disputed'`,
      [story.clientId],
    );
    expect(disputed).toEqual([{ data: { kind: 'balance', status: 'open' } }]);
  });
});

describe('what is not ours to believe', () => {
  test('a wrong signature is refused, kept with the reason, and takes no event’s place', async () => {
    const story = await createStory();
    const refused = await story.post(stripeBody('payment_intent.succeeded'), 'whsec_of_another');
    expect(refused.statusCode).toBe(401);
    expect(refused.json()).toMatchObject({
      code: 'not_verified',
      detail: expect.stringContaining('No signature fits'),
    });
    expect((await story.post(stripeBody('payment_intent.succeeded'))).json()).toEqual({
      received: true,
      duplicate: false,
    });
    await work();
    expect(await eventsOf(story.organizationId)).toMatchObject([
      { status: 'failed', signature_verified: false },
      { status: 'processed', signature_verified: true },
    ]);
  });

  test('an event of another organization changes nothing here or there', async () => {
    const [story, other] = [await createStory(), await createStory()];
    const body = stripeBody('payment_intent.succeeded').toString();
    const foreign = body
      .replaceAll(FIXTURE.organization, other.organizationId)
      .replaceAll(FIXTURE.client, other.clientId);
    await story.post(foreign.replaceAll(FIXTURE.payment, other.balanceId));
    await work();
    expect(await eventsOf(story.organizationId)).toMatchObject([
      { status: 'failed', last_error: expect.stringContaining('another organization') },
    ]);
    for (const { clientId } of [story, other])
      expect(await paymentsOf(clientId)).toMatchObject([{ status: 'pending' }, { status: 'pending' }]);
  });

  test('another organization’s couple in the metadata is not found, even without its organization', async () => {
    const [story, other] = [await createStory(), await createStory()];
    const metadata = { client_id: other.clientId, payment_id: other.balanceId, kind: 'balance' };
    await story.post(JSON.stringify(stripeEvent('payment_intent.succeeded', {}, { metadata })));
    await work();
    expect(await paymentsOf(other.clientId)).toMatchObject([{ status: 'pending' }, { status: 'pending' }]);
  });

  test('sandbox events at a live address, and live ones at a test address, are kept and change nothing', async () => {
    for (const [isLive, livemode] of [
      [true, false],
      [false, true],
    ]) {
      const story = await createStory({ isLive });
      await story.post(JSON.stringify(stripeEvent('payment_intent.succeeded', { livemode })));
      await work();
      expect(await eventsOf(story.organizationId)).toMatchObject([
        { status: 'ignored', last_error: expect.stringContaining('changes nothing') },
      ]);
      expect(await paymentsOf(story.clientId)).toMatchObject([{ status: 'pending' }, { status: 'pending' }]);
    }
  });

  test('an unknown address, a compressed body and a body that is too large are refused', async () => {
    const story = await createStory();
    const url = `/hooks/${story.token}`;
    const unknown = await app.inject({ method: 'POST', url: `/hooks/${story.token.slice(1)}x`, payload: '{}' });
    expect([unknown.statusCode, unknown.json().code]).toEqual([404, 'unknown_address']);
    const zipped = await app.inject({ method: 'POST', url, headers: { 'content-encoding': 'gzip' }, payload: '{}' });
    expect(zipped.statusCode).toBe(415);
    const huge = await app.inject({ method: 'POST', url, payload: Buffer.alloc(300_000, 'a') });
    expect(huge.statusCode).toBe(413);
    // That they came is kept, and nothing is done.
    expect((await eventsOf(story.organizationId)).map(({ status }) => status)).toEqual(['failed', 'failed']);
  });

  test('a well-signed event that makes no sense is kept with the reason, and is done after it was repaired', async () => {
    const story = await createStory();
    await story.post(JSON.stringify(stripeEvent('payment_intent.succeeded', {}, { amount: 'much' })));
    await work();
    const [kept] = await eventsOf(story.organizationId);
    expect(kept).toMatchObject({ status: 'failed', last_error: expect.stringContaining('amount') });
    await db.query(
      `update app.webhook_events set payload = jsonb_set(payload, '{data,object,amount}', '145000'), status = 'pending'
        where organization_id = $1`,
      [story.organizationId],
    );
    await work();
    expect(await eventsOf(story.organizationId)).toMatchObject([{ status: 'processed', last_error: null }]);
  });
});

describe('connected accounts at the platform’s one address', () => {
  const PLATFORM = '/integrations/stripe/webhook';
  const withAccount = (json: StripeJson, account: string) => JSON.stringify({ ...json, account });

  test('the account says whose the event is', async () => {
    const [one, other] = [
      await createStory({ accountRef: 'acct_one' }),
      await createStory({ accountRef: 'acct_other' }),
    ];
    const event = stripeEvent('payment_intent.succeeded');
    expect((await one.post(withAccount(event, 'acct_one'), PLATFORM_SECRET, PLATFORM)).statusCode).toBe(200);
    await work();
    expect(await paymentsOf(one.clientId)).toMatchObject([{ status: 'succeeded' }, { status: 'pending' }]);
    expect(await eventsOf(other.organizationId)).toEqual([]);
  });

  test('an account nobody connected, and a secret of one organization, are refused', async () => {
    const story = await createStory({ accountRef: 'acct_mine' });
    const event = stripeEvent('payment_intent.succeeded');
    expect((await story.post(withAccount(event, 'acct_nobody'), PLATFORM_SECRET, PLATFORM)).statusCode).toBe(404);
    expect((await story.post(withAccount(event, 'acct_mine'), SECRET, PLATFORM)).statusCode).toBe(401);
    expect(await eventsOf(story.organizationId)).toEqual([]);
  });

  test('what came before the account was connected is kept with the reason, and done once it is', async () => {
    const story = await createStory();
    const succeeded = { ...stripeEvent('payment_intent.succeeded'), id: 'evt_late_1' };
    const refunded = { ...stripeEvent('charge.refunded'), id: 'evt_late_2' };
    for (const event of [refunded, succeeded, succeeded]) {
      const answer = await story.post(withAccount(event, 'acct_late'), PLATFORM_SECRET, PLATFORM);
      expect(answer.statusCode).toBe(404);
    }
    await story.post('{"half": ', PLATFORM_SECRET, PLATFORM);
    await story.post(withAccount(succeeded, 'acct_late'), 'whsec_another', PLATFORM);
    const kept = await db.query(
      `select signature_verified as verified, waiting_for, count(*)::int as events, min(last_error) as reason
       from app.webhook_events where organization_id is null and received_at > now() - interval '1 minute'
         and (waiting_for like '%acct_late%' or external_event_id like 'unclaimed:refused:%')
       group by 1, 2 order by 1, 2`,
    );
    expect(kept).toEqual([
      { verified: false, waiting_for: null, events: expect.any(Number), reason: expect.stringMatching(/secret/) },
      {
        verified: true,
        waiting_for: 'account:acct_late:false',
        events: 2,
        reason: expect.stringMatching(/No organization/),
      },
      { verified: true, waiting_for: null, events: 1, reason: 'This is not an event as Stripe describes it.' },
    ]);
    await withTenant(db.api, { organizationId: story.organizationId, actor: 'test' }, (trx) =>
      createInboundEndpoint(
        trx,
        story.organizationId,
        { name: 'Connected', provider: 'stripe', secrets: [], isLive: false, accountRef: 'acct_late' },
        testKeyRing,
      ),
    );
    await work();
    expect((await eventsOf(story.organizationId)).map(({ status }) => status)).toEqual(['processed', 'processed']);
    expect(await paymentsOf(story.clientId)).toMatchObject([{ kind: 'balance', refunded: expect.any(Number) }, {}]);
    // Stripe sends it again, now that somebody answers: it is known.
    const again = await story.post(withAccount(succeeded, 'acct_late'), PLATFORM_SECRET, PLATFORM);
    expect(again.json()).toEqual({ received: true, duplicate: true });
  });

  test('what was refused because of a wrong secret comes again once it is right, and is not taken twice', async () => {
    const story = await createStory({ accountRef: 'acct_again' });
    const succeeded = { ...stripeEvent('payment_intent.succeeded'), id: 'evt_again_1' };
    const orphan = { ...stripeEvent('charge.refunded'), id: 'evt_again_2' };
    const another = 'whsec_rotated';
    for (const body of [
      withAccount(succeeded, 'acct_again'),
      withAccount(succeeded, 'acct_again'),
      withAccount(orphan, 'acct_orphan'),
    ]) {
      expect((await story.post(body, another, PLATFORM)).statusCode).toBe(401);
    }
    const relay = openDatabase({ url: db.urls.relay });
    onTestFinished(() => relay.close());
    const again = (secret: string) => replayUnclaimed({ api: db.api, relay }, [secret]);
    const before = await again(PLATFORM_SECRET);
    expect(before).toMatchObject({ taken: 0, waiting: 0 });
    expect(await again(another)).toEqual({ taken: 2, waiting: 1, refused: before.refused - 3 });
    await work();
    expect((await eventsOf(story.organizationId)).map(({ status }) => status)).toEqual(['processed']);
    expect(await paymentsOf(story.clientId)).toMatchObject([{ status: 'succeeded' }, { status: 'pending' }]);
    expect(
      await db.query(`select last_error from app.webhook_events where waiting_for = 'account:acct_orphan:false'`),
    ).toEqual([{ last_error: 'No organization has connected this Stripe account, in this mode.' }]);
    expect(await again(another)).toEqual({ taken: 0, waiting: 0, refused: before.refused - 3 });
  });
});
