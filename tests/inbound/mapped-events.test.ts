import { createHmac } from 'node:crypto';

import fastify, { type FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { registerInboundRoutes } from '../../api/inbound/register-inbound-routes.ts';
import { signWebhook } from '../../channels/webhook/sign-webhook.ts';
import { generateSigningKey, parseSigningKey } from '../../channels/webhook/signing-key.ts';
import { lockInboundEndpoint } from '../../db/inbound-desk.ts';
import type { InboundEndpoint } from '../../db/inbound.ts';
import { withTenant, type Trx } from '../../db/tenant.ts';
import { changeInboundEndpoint, type EndpointChange } from '../../services/inbound/change-inbound-endpoint.ts';
import { createInboundEndpoint, type NewInboundEndpoint } from '../../services/inbound/create-inbound-endpoint.ts';
import { replayInboundEvents } from '../../services/inbound/replay-inbound-events.ts';
import { verifyAgain } from '../../services/inbound/verify-again.ts';
import { publishForm } from '../../services/forms/publish-form.ts';
import { processInboundOnce } from '../../worker/inbound-work.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { testKeyRing } from '../support/temporal.ts';
import { createOrganization } from '../webhooks/endpoint.ts';

let db: TestDatabase;
let app: FastifyInstance;
beforeAll(async () => {
  db = await createTestDatabase();
  app = fastify();
  await registerInboundRoutes(app, { database: db.api, sealingKeys: testKeyRing, now: () => new Date() });
});
afterAll(async () => {
  await app?.close();
  await db?.close();
});

const client = { externalId: { path: '/couple/id' }, email: { path: '/couple/email', as: 'lower' } };
const MAPPING = {
  rules: [
    {
      when: [{ path: '/type', in: ['couple.saved', 'couple.booked'] }],
      do: 'upsert_client',
      client,
      set: {
        partner1Name: { path: '/couple/name' },
        email: { path: '/couple/email', as: 'lower' },
        weddingOn: { path: '/couple/wedding', as: 'date', format: 'dd/mm/yyyy' },
        status: { path: '/type', map: { 'couple.saved': 'lead', 'couple.booked': 'booked' } },
        addTags: { path: '/couple/tags', as: 'list' },
      },
    },
    {
      when: [{ path: '/type', is: 'tasting' }],
      do: 'event',
      client,
      name: 'tasting.booked',
      data: { menu: { path: '/menu' } },
    },
    {
      when: [{ path: '/type', is: 'paid' }],
      do: 'payment',
      client,
      reference: { path: '/payment/id' },
      kind: { path: '/payment/kind' },
      status: { path: '/payment/state', map: { open: 'pending', paid: 'succeeded' } },
      amount: { path: '/payment/amount', as: 'cents' },
      dueOn: { path: '/payment/due', as: 'date' },
    },
    {
      when: [{ path: '/type', is: 'answers' }],
      do: 'form',
      client,
      form: 'music',
      answers: { song: { path: '/song' }, guests: { path: '/guests' } },
    },
  ],
};

async function createHook(endpoint: Partial<NewInboundEndpoint> = {}) {
  const organizationId = await createOrganization(db);
  const secret = generateSigningKey('hmac');
  const { id, token } = await withTenant(db.api, { organizationId, actor: 'test' }, (trx) =>
    createInboundEndpoint(
      trx,
      organizationId,
      { name: 'CRM', provider: 'standard_webhooks', secrets: [secret], mapping: MAPPING, ...endpoint },
      testKeyRing,
    ),
  );
  const parsed = parseSigningKey(secret);
  if (!parsed.ok) throw new Error(parsed.message);
  let count = 0;
  const raw = (payload: string, headers: Record<string, string>) =>
    app.inject({ method: 'POST', url: `/hooks/${token}`, headers, payload });
  return {
    organizationId,
    id,
    secret,
    raw,
    /** Signed by Standard Webhooks; the same id is the same message. */
    send: async (message: unknown, messageId = `msg_${(count += 1)}`) => {
      const body = Buffer.from(JSON.stringify(message));
      const headers = signWebhook({ id: messageId, timestamp: Math.floor(Date.now() / 1_000), body }, [parsed.key]);
      return raw(body.toString(), { 'content-type': 'application/json', ...headers });
    },
    clients: () =>
      db.query<{ id: string; external_id: string }>(
        `select id, external_id, partner_1_name as name, status, wedding_date::text as wedding, tags,
           (select string_agg(contact_value, ',') from app.client_contacts k where k.client_id = c.id) as email
           from app.clients c where organization_id = $1 order by created_at`,
        [organizationId],
      ),
    events: () =>
      db.query(`select status, last_error from app.webhook_events where organization_id = $1 order by received_at`, [
        organizationId,
      ]),
  };
}

const work = async (): Promise<void> => {
  const options = { relayDatabase: db.relay, workerDatabase: db.worker, log: pino({ level: 'silent' }) };
  while ((await processInboundOnce(options)) > 0);
};
const ANA = { id: 'c-1', name: 'Ana Lopez', email: 'Ana@Example.com', wedding: '12/06/2027', tags: ['full_day'] };

describe('another program’s message', () => {
  test('makes a couple, changes it when it comes again changed, and journeys hear of the booking', async () => {
    const hook = await createHook();
    expect((await hook.send({ type: 'couple.saved', couple: ANA })).json()).toEqual({
      received: true,
      duplicate: false,
    });
    await work();
    expect(await hook.clients()).toMatchObject([
      {
        external_id: 'c-1',
        name: 'Ana Lopez',
        status: 'lead',
        wedding: '2027-06-12',
        tags: ['full_day'],
        email: 'ana@example.com',
      },
    ]);
    await hook.send({ type: 'couple.booked', couple: { id: 'c-1', tags: ['vip', 'full_day'] } });
    await work();
    const [row] = await hook.clients();
    expect(row).toMatchObject({
      name: 'Ana Lopez',
      status: 'booked',
      wedding: '2027-06-12',
      tags: ['full_day', 'vip'],
    });
    const told = await db.query(
      `select event from app.outbox where client_id = $1 and event like 'client.%' order by id`,
      [row?.id],
    );
    expect(told.map(({ event }) => event)).toEqual(['client.created', 'client.status', 'client.booked']);
  });

  test('that comes twice is known by its id, whatever else changed', async () => {
    const hook = await createHook();
    const message = { type: 'tasting', couple: ANA, menu: 'B' };
    await hook.send({ type: 'couple.saved', couple: ANA });
    expect((await hook.send(message, 'msg_same')).json()).toMatchObject({ duplicate: false });
    expect((await hook.send(message, 'msg_same')).json()).toMatchObject({ received: true, duplicate: true });
    await work();
    await db.query(`update app.webhook_events set status = 'pending' where organization_id = $1`, [
      hook.organizationId,
    ]);
    await work();
    const told = await db.query(
      `select data from app.client_events where organization_id = $1 and name = 'tasting.booked'`,
      [hook.organizationId],
    );
    expect(told).toEqual([{ data: { menu: 'B' } }]);
  });

  test('that comes again in other words is known by the id that the mapping names', async () => {
    const hook = await createHook({ mapping: { eventId: { path: '/delivery' }, ...MAPPING } });
    await hook.send({ delivery: 'd-0', type: 'couple.saved', couple: ANA });
    for (const [delivery, sentAt] of [
      ['d-1', 1],
      ['d-1', 2],
      ['d-2', 3],
    ]) {
      await hook.send({ delivery, sentAt, type: 'tasting', couple: ANA, menu: 'B' });
    }
    await hook.send({ type: 'tasting', couple: ANA, menu: 'B' });
    await hook.send({ type: 'nothing we know' });
    await work();
    const told = await db.query(
      `select e.name from app.client_events e where e.organization_id = $1 and e.name = 'tasting.booked'`,
      [hook.organizationId],
    );
    expect(told).toHaveLength(2);
    expect((await hook.events()).slice(-2)).toEqual([
      { status: 'failed', last_error: 'eventId: the message has no id there.' },
      { status: 'ignored', last_error: expect.any(String) },
    ]);
  });

  test('is a payment, known again by its reference, that never goes back', async () => {
    const hook = await createHook();
    await hook.send({ type: 'couple.booked', couple: ANA });
    const payment = { id: 'p-1', kind: 'deposit', amount: '300.00', due: '2027-01-15' };
    for (const state of ['paid', 'open', 'paid'])
      await hook.send({ type: 'paid', couple: { id: 'c-1' }, payment: { ...payment, state } });
    await work();
    const rows = await db.query(
      `select kind, status, amount, due_on::text from app.payments where organization_id = $1`,
      [hook.organizationId],
    );
    expect(rows).toEqual([{ kind: 'deposit', status: 'succeeded', amount: 30_000, due_on: '2027-01-15' }]);
  });

  test('is an answered form, checked as the couple’s own answers are', async () => {
    const hook = await createHook();
    await withTenant(db.api, { organizationId: hook.organizationId, actor: 'test' }, (trx) =>
      publishForm(trx, 'music', {
        title: 'Music',
        fields: [
          { key: 'song', label: 'First dance', type: 'text', required: true, core: 'first_dance' },
          { key: 'guests', label: 'Guests', type: 'number' },
        ],
      }),
    );
    await hook.send({ type: 'couple.booked', couple: ANA });
    await hook.send({ type: 'answers', couple: { id: 'c-1' }, song: 'At Last', guests: 'many' });
    await work();
    expect((await hook.events()).at(-1)).toMatchObject({
      status: 'failed',
      last_error: 'guests: This is not a number.',
    });
    await hook.send({ type: 'answers', couple: { id: 'c-1' }, song: 'At Last', guests: 90 });
    await work();
    const rows = await db.query(`select status, answers from app.form_submissions where organization_id = $1`, [
      hook.organizationId,
    ]);
    expect(rows).toEqual([{ status: 'submitted', answers: { song: 'At Last', guests: 90 } }]);
    const core = await db.query(
      `select value from app.core_field_values where organization_id = $1 and field_key = 'first_dance'`,
      [hook.organizationId],
    );
    expect(core).toEqual([{ value: 'At Last' }]);
  });

  test('that cannot be done is kept with the reason, and is done after the mapping was mended and it was replayed', async () => {
    const hook = await createHook();
    await hook.send({ type: 'couple.saved', couple: { ...ANA, wedding: '2027-06-12' } });
    await work();
    expect(await hook.events()).toEqual([
      { status: 'failed', last_error: expect.stringContaining('not a date of the form dd/mm/yyyy') },
    ]);
    expect(await hook.clients()).toEqual([]);
    const mended = structuredClone(MAPPING) as unknown as { rules: [{ set: { weddingOn: unknown } }] };
    mended.rules[0].set.weddingOn = { path: '/couple/wedding', as: 'date' };
    await db.query(`update app.inbound_endpoints set mapping = $2 where id = $1`, [hook.id, mended]);
    const replayed = await withTenant(db.api, { organizationId: hook.organizationId, actor: 'test' }, (trx) =>
      replayInboundEvents(trx, { endpointId: hook.id, onlyFailed: true, since: null }),
    );
    expect(replayed).toBe(1);
    await work();
    expect(await hook.clients()).toMatchObject([{ wedding: '2027-06-12' }]);
  });

  test('about nobody we know, or about two, changes nothing and says so', async () => {
    const hook = await createHook();
    await hook.send({ type: 'tasting', couple: { id: 'nobody' } });
    await db.query(
      `with c as (insert into app.clients (organization_id, partner_1_name) values ($1, 'One'), ($1, 'Two') returning id)
       insert into app.client_contacts (organization_id, client_id, contact_type, contact_value)
       select $1, id, 'email', 'shared@example.com' from c`,
      [hook.organizationId],
    );
    await hook.send({ type: 'tasting', couple: { email: 'shared@example.com' } });
    await work();
    expect(await hook.events()).toEqual([
      { status: 'failed', last_error: expect.stringContaining('no couple with this id') },
      { status: 'failed', last_error: expect.stringContaining('Several couples') },
    ]);
  });

  test('with an address we know joins that couple only while no other id names it', async () => {
    const hook = await createHook();
    await db.query(
      `with c as (insert into app.clients (organization_id, partner_1_name) values ($1, 'Ana') returning id)
       insert into app.client_contacts (organization_id, client_id, contact_type, contact_value)
       select $1, id, 'email', 'ana@example.com' from c`,
      [hook.organizationId],
    );
    await hook.send({ type: 'couple.saved', couple: { ...ANA, id: 'c-1' } });
    await hook.send({ type: 'couple.saved', couple: { ...ANA, id: 'c-2', name: 'Ana’s sister' } });
    await hook.send({ type: 'tasting', couple: { id: 'c-2', email: 'ana@example.com' } });
    await work();
    expect(await hook.clients()).toMatchObject([{ external_id: 'c-1', name: 'Ana Lopez' }]);
    const refused = { status: 'failed', last_error: expect.stringContaining('known by another id, "c-1", not "c-2"') };
    expect(await hook.events()).toEqual([{ status: 'processed', last_error: null }, refused, refused]);
    // The first booking is over: the second may be made, and what was kept is done.
    await db.query(`update app.clients set status = 'archived' where organization_id = $1`, [hook.organizationId]);
    await withTenant(db.api, { organizationId: hook.organizationId, actor: 'test' }, (trx) =>
      replayInboundEvents(trx, { endpointId: hook.id, onlyFailed: true, since: null }),
    );
    await work();
    expect(await hook.clients()).toMatchObject([{ external_id: 'c-1' }, { external_id: 'c-2' }]);
    expect((await hook.events()).map(({ status }) => status)).toEqual(['processed', 'processed', 'processed']);
  });

  test('of a hundred at once about one couple makes it once', async () => {
    const hook = await createHook();
    await Promise.all(Array.from({ length: 100 }, () => hook.send({ type: 'couple.saved', couple: ANA })));
    const options = {
      relayDatabase: db.relay,
      workerDatabase: db.worker,
      log: pino({ level: 'silent' }),
      batchSize: 10,
    };
    const several = async (): Promise<void> => {
      while ((await processInboundOnce(options)) > 0);
    };
    await Promise.all([several(), several(), several()]);
    expect(await hook.clients()).toHaveLength(1);
    expect(new Set((await hook.events()).map(({ status }) => status))).toEqual(new Set(['processed']));
  });
});

describe('a sender that follows no standard', () => {
  const body = JSON.stringify({ type: 'couple.saved', couple: ANA });
  const json = { 'content-type': 'application/json' };

  test('may sign in its own way', async () => {
    const signature = { header: 'X-Hub-Signature-256', prefix: 'sha256=', idHeader: 'X-Delivery' };
    const hook = await createHook({ provider: 'hmac', secrets: ['old', 'shared secret'], signature });
    const signed = `sha256=${createHmac('sha256', 'shared secret').update(body).digest('hex')}`;
    const good = await hook.raw(body, { ...json, 'x-hub-signature-256': signed, 'x-delivery': 'd-1' });
    const again = await hook.raw(body, { ...json, 'x-hub-signature-256': signed, 'x-delivery': 'd-1' });
    expect([good.json(), again.json()]).toEqual([
      { received: true, duplicate: false },
      { received: true, duplicate: true },
    ]);
    const forged: Record<string, string>[] = [
      {},
      { 'x-hub-signature-256': signed.replace(/.$/, 'x') },
      { 'x-hub-signature-256': signed.slice(7) },
    ];
    for (const bad of forged) {
      expect((await hook.raw(body, { ...json, ...bad })).statusCode).toBe(401);
    }
  });

  test('may sign the time too, and is then believed for five minutes only', async () => {
    const signature = { header: 'x-signature', timestampHeader: 'x-time', encoding: 'base64', algorithm: 'sha512' };
    const hook = await createHook({ provider: 'hmac', secrets: ['s'], signature });
    const at = (seconds: number) => {
      const time = String(Math.floor(Date.now() / 1_000) + seconds);
      const signed = createHmac('sha512', 's').update(`${time}.${body}`).digest('base64');
      return hook.raw(body, { ...json, 'x-signature': signed, 'x-time': time });
    };
    expect([(await at(0)).statusCode, (await at(-400)).statusCode, (await at(400)).statusCode]).toEqual([
      200, 401, 401,
    ]);
  });

  test('may send a form with a word in a header, and is known again by the body', async () => {
    const hook = await createHook({
      provider: 'token',
      secrets: ['word'],
      mapping: {
        rules: [
          { do: 'upsert_client', client: { email: { path: '/email' } }, set: { partner1Name: { path: '/name' } } },
        ],
      },
    });
    const form = 'email=zap%40example.com&name=Zoe';
    const headers = { 'content-type': 'application/x-www-form-urlencoded', authorization: 'Bearer word' };
    expect((await hook.raw(form, headers)).json()).toEqual({ received: true, duplicate: false });
    expect((await hook.raw(form, headers)).json()).toEqual({ received: true, duplicate: true });
    expect((await hook.raw(form, { ...headers, authorization: 'Bearer other' })).statusCode).toBe(401);
    expect((await hook.raw(form, { 'content-type': headers['content-type'] })).statusCode).toBe(401);
    await work();
    expect(await hook.clients()).toMatchObject([{ name: 'Zoe', email: 'zap@example.com', status: 'lead' }]);
  });

  test('is told what is wrong with what it sends, and it is kept', async () => {
    const hook = await createHook({ provider: 'token', secrets: ['word'] });
    const answer = await hook.raw('not json', { ...json, authorization: 'Bearer word' });
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([
      400,
      expect.stringMatching('^application/problem.json'),
    ]);
    expect(answer.json()).toMatchObject({ code: 'not_json', detail: expect.stringContaining('application/json') });
    expect(await hook.events()).toEqual([
      { status: 'failed', last_error: expect.stringContaining('neither JSON nor a form') },
    ]);
  });
});

test('what is too large or compressed is refused, and that it came is kept with the reason', async () => {
  const hook = await createHook();
  const json = { 'content-type': 'application/json' };
  const large = await hook.raw(JSON.stringify({ text: 'x'.repeat(300_000) }), json);
  expect(large.statusCode).toBe(413);
  expect(large.json()).toMatchObject({
    code: 'too_large',
    detail: expect.stringContaining('This one has 300011 bytes.'),
  });
  const packed = await hook.raw('{}', { ...json, 'content-encoding': 'gzip' });
  expect([packed.statusCode, packed.json<{ code: string }>().code]).toEqual([415, 'encoding_refused']);
  const kept = await db.query(
    `select status, signature_verified as verified, last_error as reason, length(raw_body) as length,
       headers ->> 'content-length' as size from app.webhook_events where organization_id = $1 order by received_at`,
    [hook.organizationId],
  );
  expect(kept).toEqual([
    { status: 'failed', verified: false, reason: expect.stringContaining('256 KB'), length: null, size: '300011' },
    { status: 'failed', verified: false, reason: expect.stringContaining('compression'), length: 2, size: '2' },
  ]);
  const nowhere = await app.inject({
    method: 'POST',
    url: '/hooks/guessed',
    headers: json,
    payload: 'x'.repeat(300_000),
  });
  expect(nowhere.statusCode).toBe(413);
});

test('what could not be verified for a wrong secret is done once the secret is right, and not twice', async () => {
  const hook = await createHook({ secrets: [generateSigningKey('hmac')] });
  const coupleOf = (id: string) => ({ ...ANA, id, email: `${id}@example.com` });
  for (const id of ['msg_a', 'msg_b']) {
    expect((await hook.send({ type: 'couple.saved', couple: coupleOf(id) }, id)).statusCode).toBe(401);
  }
  await hook.raw('{"type":"couple.saved"}', { 'content-type': 'application/json' });
  await work();
  expect(await hook.clients()).toEqual([]);
  const within = <T>(act: (trx: Trx, endpoint: InboundEndpoint) => Promise<T>): Promise<T> =>
    withTenant(db.api, { organizationId: hook.organizationId, actor: 'test' }, async (trx) => {
      const endpoint = await lockInboundEndpoint(trx, 'CRM');
      if (endpoint === null) throw new Error('no address');
      return act(trx, endpoint);
    });
  await within((trx, endpoint) => changeInboundEndpoint(trx, endpoint, { addSecret: hook.secret }, testKeyRing));
  // Its sender tries again by itself, and that is taken at once.
  await hook.send({ type: 'couple.saved', couple: coupleOf('msg_a') }, 'msg_a');
  expect(await within((trx, endpoint) => verifyAgain(trx, endpoint, testKeyRing, null))).toBe(1);
  await work();
  expect((await hook.clients()).map(({ external_id: id }) => id).toSorted()).toEqual(['msg_a', 'msg_b']);
  expect(await within((trx, endpoint) => verifyAgain(trx, endpoint, testKeyRing, null))).toBe(0);
});

test('an address that was switched off or renewed takes nothing more', async () => {
  const hook = await createHook();
  const change = (what: EndpointChange) =>
    withTenant(db.api, { organizationId: hook.organizationId, actor: 'test' }, async (trx) => {
      const endpoint = await lockInboundEndpoint(trx, hook.id);
      if (endpoint === null) throw new Error('no address');
      return changeInboundEndpoint(trx, endpoint, what, testKeyRing);
    });
  await change({ isActive: false });
  expect((await hook.send({ type: 'other' })).statusCode).toBe(404);
  await change({ isActive: true });
  expect((await hook.send({ type: 'other' })).statusCode).toBe(200);
  expect((await change({ renew: true })).token).toMatch(/^[\w-]{43}$/);
  expect((await hook.send({ type: 'other' })).statusCode).toBe(404);
});

test('what cannot be verified is kept a thousand times a day and no more', async () => {
  const hook = await createHook({ provider: 'token', secrets: ['word'] });
  await db.query(
    `insert into app.webhook_events (organization_id, endpoint_id, source_system, external_event_id, payload, status)
     select $1, $2, 'custom', 'filler-' || n, '{}', 'failed' from generate_series(1, 999) n`,
    [hook.organizationId, hook.id],
  );
  for (let count = 0; count < 3; count += 1) expect((await hook.raw('{}', {})).statusCode).toBe(401);
  expect(await hook.events()).toHaveLength(1_000);
});
