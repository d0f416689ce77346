import { createHmac, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import getPort from 'get-port';
import fastify, { type FastifyInstance, type InjectOptions } from 'fastify';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { replayReports } from '../../api/receipts/replay-reports.ts';
import { registerReceiptRoutes, type ReceiptProviders } from '../../api/receipts/register-receipt-routes.ts';
import { createEmailChannel } from '../../channels/email.ts';
import { createSmsChannel } from '../../channels/twilio.ts';
import { startInbox, type RunningInbox } from '../../cli/dev/inbox/start-inbox.ts';
import { withTenant } from '../../db/tenant.ts';
import { openOwnTwilio } from '../../services/channels/open-sender.ts';
import { saveTextSender } from '../../services/channels/save-sender.ts';
import { parseKeyRing } from '../../worker/key-ring.ts';
import { eventually } from '../support/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const KEYS = parseKeyRing(`test:${Buffer.alloc(32, 7).toString('base64')}`);
const FIXTURE_ID = '5f0e9a52-6c1b-4b0a-9a5e-0c2f6f3b7d11';
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const file = (name: string): string => readFileSync(new URL(`../fixtures/providers/${name}`, import.meta.url), 'utf8');
let db: TestDatabase;
let inbox: RunningInbox;
let app: FastifyInstance;
let publicUrl: string;
beforeAll(async () => {
  // Twilio signs the whole address, so it has to be known before.
  const port = await getPort({ host: '127.0.0.1' });
  const returnedMailUrl = `http://hooks:secret@127.0.0.1:${port}/receipts/mail/{list}`;
  [db, inbox] = await Promise.all([createTestDatabase(), startInbox({ callbackPaceMs: 5, returnedMailUrl })]);
  app = fastify();
  publicUrl = `http://127.0.0.1:${port}`;
  await registerReceiptRoutes(app, {
    database: db.api,
    now: () => new Date(),
    publicUrl,
    ownTwilio: (id) => withTenant(db.api, { organizationId: id, actor: 'test' }, (trx) => openOwnTwilio(trx, id, KEYS)),
    fetchText: () => Promise.reject(new Error('nothing is fetched here')),
    providers: {
      twilio: { authTokens: [inbox.twilio.authToken] },
      sendgrid: { publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') },
      mailgun: { signingKey: 'signing-key' },
      postmark: { user: 'hooks', password: 'secret' },
      mail: { user: 'hooks', password: 'secret' },
    },
  });
  await app.listen({ host: '127.0.0.1', port });
});
afterAll(async () => {
  await app.close();
  await Promise.all([inbox.stop(), db.close()]);
});

let organizationId: string;
let communicationId: string;
async function sent(channel: 'email' | 'sms', address: string, status = 'sent'): Promise<void> {
  organizationId = randomUUID();
  communicationId = randomUUID();
  await db.query(`insert into app.organizations (id, name, slug) values ($1, 'Alder and Finch', $2)`, [
    organizationId,
    `o-${organizationId}`,
  ]);
  const [client] = await db.query<{ id: string }>(
    `insert into app.clients (organization_id, partner_1_name) values ($1, 'Niamh') returning id`,
    [organizationId],
  );
  await db.query(
    `insert into app.client_contacts (organization_id, client_id, role, contact_type, contact_value) values ($1, $2, 'partner_1', $3, $4)`,
    [organizationId, client?.id, channel === 'email' ? 'email' : 'phone', address],
  );
  await db.query(
    `insert into app.communications (id, organization_id, client_id, idempotency_key, type, recipient, status)
     values ($1, $2, $3, 'fixture', $4, $5, $6)`,
    [communicationId, organizationId, client?.id, channel, address, status],
  );
}
beforeEach(() => sent('email', 'zoe.hartley@example.org'));

const statusOf = async (): Promise<string | undefined> =>
  (await db.query<{ status: string }>('select status from app.communications where id = $1', [communicationId]))[0]
    ?.status;
const kept = (): Promise<{ status: string }[]> =>
  db.query('select status from app.webhook_events where organization_id = $1', [organizationId]);
const post = (provider: string, payload: string, headers: InjectOptions['headers'] = {}) =>
  app.inject({
    method: 'POST',
    url: `/receipts/${provider}/${organizationId}`,
    payload,
    headers: { 'content-type': 'application/json', ...headers },
  });

describe('a provider’s request', () => {
  const authorization = `Basic ${Buffer.from('hooks:secret').toString('base64')}`;

  it('is kept as it came, applied once, and answered the same when it is repeated', async () => {
    const body = file('postmark/bounce.json').replaceAll(FIXTURE_ID, communicationId);
    for (let time = 0; time < 2; time += 1)
      expect((await post('postmark', body, { authorization })).statusCode).toBe(200);
    expect(await statusOf()).toBe('bounced');
    expect(await kept()).toEqual([{ status: 'processed' }]);
  });

  it('two at the same moment are applied once', async () => {
    const body = file('postmark/bounce.json').replaceAll(FIXTURE_ID, communicationId);
    const answers = await Promise.all(Array.from({ length: 5 }, () => post('postmark', body, { authorization })));
    expect(answers.map((answer) => answer.statusCode)).toEqual([200, 200, 200, 200, 200]);
    const events = await db.query('select 1 from app.communication_events where communication_id = $1', [
      communicationId,
    ]);
    expect(events).toHaveLength(1);
  });

  it.each(['postmark', 'sendgrid', 'mailgun', 'mail', 'twilio'])(
    'of %s without a valid signature changes nothing',
    async (provider) => {
      const answer = await post(provider, file('postmark/bounce.json'), {
        'content-type': 'application/x-www-form-urlencoded',
      });
      expect(answer.statusCode).toBe(401);
      expect(await kept()).toEqual([{ status: 'failed' }]);
      expect(await statusOf()).toBe('sent');
    },
  );

  it('that is verified and cannot be read is refused with the reason', async () => {
    const answer = await post('postmark', '{"hello":1}', { authorization });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ detail: expect.stringContaining('Postmark') as string });
  });

  it('that was refused is kept with the reason, and taken once the key is right', async () => {
    const body = file('sendgrid/events.json').replaceAll(FIXTURE_ID, communicationId);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const [rightKeys, wrong] = [generateKeyPairSync('ec', { namedCurve: 'prime256v1' }), Buffer.alloc(2_000_000, 'x')];
    const signed = sign('sha256', Buffer.from(timestamp + body), rightKeys.privateKey).toString('base64');
    const headers = {
      'x-twilio-email-event-webhook-signature': signed,
      'x-twilio-email-event-webhook-timestamp': timestamp,
    };
    expect((await post('sendgrid', body, headers)).statusCode).toBe(401);
    expect((await post('sendgrid', wrong.toString())).statusCode).toBe(413);
    expect((await post('postmark', '{"hello":1}', { authorization })).statusCode).toBe(400);
    const reasons = () =>
      db.query<{ status: string; reason: string | null }>(
        `select status, last_error as reason from app.webhook_events where organization_id = $1 and raw_body is not null
          or organization_id = $1 and last_error like '%1 MB%' order by received_at`,
        [organizationId],
      );
    expect(await reasons()).toEqual([
      { status: 'failed', reason: expect.any(String) as string },
      { status: 'failed', reason: expect.stringContaining('1 MB') as string },
      { status: 'failed', reason: expect.stringContaining('Postmark') as string },
    ]);
    const publicKey = rightKeys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const again = (providers: ReceiptProviders) =>
      replayReports(
        {
          database: db.api,
          publicUrl,
          fetchText: () => Promise.reject(new Error('nothing is fetched here')),
          providers,
        },
        organizationId,
        { eventId: null, since: null },
      );
    const set = { sendgrid: { publicKey }, postmark: { user: 'hooks', password: 'secret' } };
    expect(await again({})).toEqual({ taken: 0, refused: 0, passedOver: { sendgrid: 1, postmark: 1 } });
    expect((await reasons()).map(({ status }) => status)).toEqual(['failed', 'failed', 'failed']);
    expect(await again(set)).toEqual({ taken: 1, refused: 1, passedOver: {} });
    expect(await statusOf()).not.toBe('sent');
    expect((await reasons()).map(({ status }) => status)).toEqual(['processed', 'failed', 'failed']);
    expect(await again(set)).toEqual({ taken: 0, refused: 1, passedOver: {} });
  });

  it('of Amazon for a topic that was not ours yet is kept, and taken once the topic is', async () => {
    const pem = (name: string) => readFileSync(new URL(`../fixtures/sns/${name}.pem`, import.meta.url), 'utf8');
    const envelope = JSON.parse(file('ses/bounce.json').replaceAll(FIXTURE_ID, communicationId)) as Record<
      string,
      string
    >;
    const text = ['Message', 'MessageId', 'Timestamp', 'TopicArn', 'Type']
      .map((name) => `${name}\n${envelope[name]}\n`)
      .join('');
    const Signature = sign('sha256', Buffer.from(text), pem('key')).toString('base64');
    const body = JSON.stringify({ ...envelope, SignatureVersion: '2', Signature });
    const fetchText = () => Promise.resolve(pem('certificate'));
    const withTopics = (...topics: string[]) => ({
      database: db.api,
      publicUrl,
      fetchText,
      providers: { ses: { topics } },
    });
    const amazon = fastify();
    onTestFinished(() => amazon.close());
    await registerReceiptRoutes(amazon, { ...withTopics('arn:aws:sns:eu-west-2:1:other'), now: () => new Date() });
    const answer = await amazon.inject({
      method: 'POST',
      url: `/receipts/ses/${organizationId}`,
      payload: body,
      // As Amazon sends it.
      headers: { 'content-type': 'text/plain; charset=UTF-8' },
    });
    expect(answer.statusCode).toBe(401);
    const again = (...topics: string[]) =>
      replayReports(withTopics(...topics), organizationId, { eventId: null, since: null });
    expect(await again('arn:aws:sns:eu-west-2:1:other')).toEqual({ taken: 0, refused: 1, passedOver: {} });
    expect(await statusOf()).toBe('sent');
    expect(await again(envelope['TopicArn'] ?? '')).toEqual({ taken: 1, refused: 0, passedOver: {} });
    expect(await statusOf()).toBe('bounced');
    expect(await again(envelope['TopicArn'] ?? '')).toEqual({ taken: 0, refused: 0, passedOver: {} });
  });

  it('of a provider that is not set up, or for no organization, finds nothing', async () => {
    expect((await post('ses', '{}')).statusCode).toBe(404);
    expect(
      (
        await app.inject({
          method: 'POST',
          url: '/receipts/postmark/nobody',
          headers: { authorization },
          payload: '{}',
        })
      ).statusCode,
    ).toBe(404);
  });

  it('of SendGrid is known by its signature over the exact bytes', async () => {
    const body = file('sendgrid/events.json').replaceAll(FIXTURE_ID, communicationId);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const signature = sign('sha256', Buffer.concat([Buffer.from(timestamp), Buffer.from(body)]), privateKey).toString(
      'base64',
    );
    const headers = {
      'x-twilio-email-event-webhook-signature': signature,
      'x-twilio-email-event-webhook-timestamp': timestamp,
    };
    expect((await post('sendgrid', body, headers)).statusCode).toBe(200);
    expect((await post('sendgrid', `${body} `, headers)).statusCode).toBe(401);
  });

  it('of Mailgun may use its token once, whatever the body says the second time', async () => {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const token = randomUUID().repeat(2);
    const signature = {
      timestamp,
      token,
      signature: createHmac('sha256', 'signing-key').update(`${timestamp}${token}`).digest('hex'),
    };
    const event = (
      JSON.parse(file('mailgun/failed.json').replaceAll(FIXTURE_ID, communicationId)) as { 'event-data': object }
    )['event-data'];
    const forged = { ...event, id: 'forged', event: 'complained', severity: undefined };
    expect((await post('mailgun', JSON.stringify({ signature, 'event-data': event }))).statusCode).toBe(200);
    expect((await post('mailgun', JSON.stringify({ signature, 'event-data': forged }))).statusCode).toBe(200);
    expect(await statusOf()).toBe('bounced');
  });
});

describe('a text through the dev inbox', () => {
  it('is reported back by signed calls, and the couple’s STOP comes in on the same way', async () => {
    await sent('sms', '+447700900100', 'unknown');
    const channel = createSmsChannel({ ...inbox.twilio, sender: { from: '+447700900900' } });
    const statusCallbackUrl = `${publicUrl}/receipts/twilio/${organizationId}`;
    const { providerId } = await channel.send({
      id: communicationId,
      to: '+447700900100',
      body: 'See you tomorrow!',
      statusCallbackUrl,
    });
    await eventually('the message is delivered', async () => (await statusOf()) === 'delivered');
    const answer = await fetch(`${inbox.inboxUrl}/api/messages/${providerId}/reply`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'STOP' }),
    });
    expect(await answer.json()).toEqual({ told: 200 });
    const suppressed = await db.query('select reason from app.suppressions where organization_id = $1', [
      organizationId,
    ]);
    expect(suppressed).toEqual([{ reason: 'stop_keyword' }]);
  });
});

describe('an organization with an account of its own at Twilio', () => {
  const inbound = (token: string, fields: Record<string, string>) => {
    const url = `/receipts/twilio/${organizationId}`;
    const form = { MessageSid: `SM${randomUUID()}`, From: '+447700900100', To: '+447700900900', ...fields };
    return app.inject({
      method: 'POST',
      url,
      payload: new URLSearchParams(form).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': getExpectedTwilioSignature(token, `${publicUrl}${url}`, form),
      },
    });
  };
  const withAccount = async (authToken: string, helpText?: string): Promise<void> => {
    await sent('sms', '+447700900100');
    const settings = { accountSid: `AC${'1'.repeat(32)}`, sender: '+447700900900', ...(helpText && { helpText }) };
    const saving = await withTenant(db.api, { organizationId, actor: 'test' }, (trx) =>
      saveTextSender(trx, organizationId, 'sms', { settings, secrets: { authToken } }, KEYS),
    );
    expect(saving).toEqual({ ok: true });
  };

  it('has its calls believed by its own token, and by nobody else’s', async () => {
    await withAccount('token of another organization');
    await withAccount('its own token');
    const delivered = { MessageStatus: 'delivered' };
    expect((await inbound('token of another organization', delivered)).statusCode).toBe(401);
    expect((await inbound('a token that nobody has', delivered)).statusCode).toBe(401);
    expect(await kept()).toEqual([{ status: 'failed' }, { status: 'failed' }]);
    expect((await inbound('its own token', delivered)).statusCode).toBe(200);
    expect(await kept()).toContainEqual({ status: 'processed' });
  });

  it('answers HELP in its own words, unless the provider has', async () => {
    await withAccount('its own token', 'Alder & Finch, 01632 960123. Reply STOP to opt out.');
    const answer = await inbound('its own token', { Body: 'Help', SmsStatus: 'received' });
    expect(answer.headers['content-type']).toMatch(/^text\/xml/);
    expect(answer.body).toContain('<Message>Alder &amp; Finch, 01632 960123. Reply STOP to opt out.</Message>');
    const others: Record<string, string>[] = [
      { Body: 'HELP', OptOutType: 'HELP' },
      { Body: 'Can you help with the parking?' },
      { Body: 'STOP' },
    ];
    for (const fields of others) expect((await inbound('its own token', fields)).body).not.toContain('<Message>');
    await withAccount('its own token');
    expect((await inbound('its own token', { Body: 'HELP' })).body).not.toContain('<Message>');
  });

  it('HELP from the telephone of the dev inbox gets the answer', async () => {
    await withAccount(inbox.twilio.authToken, 'Alder & Finch. Reply STOP to opt out.');
    const channel = createSmsChannel({ ...inbox.twilio, sender: { from: '+447700900900' } });
    const { providerId } = await channel.send({
      id: communicationId,
      to: '+447700900177',
      body: 'See you tomorrow!',
      statusCallbackUrl: `${publicUrl}/receipts/twilio/${organizationId}`,
    });
    await fetch(`${inbox.inboxUrl}/api/messages/${providerId}/reply`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'HELP' }),
    });
    const caught = await (await fetch(`${inbox.inboxUrl}/api/messages?to=%2B447700900177`)).json();
    expect((caught as { messages: { preview: string }[] }).messages[0]?.preview).toBe(
      'Alder & Finch. Reply STOP to opt out.',
    );
  });
});

describe('a mail through the dev inbox', () => {
  it.each([
    ['bounce_later', 'bounced'],
    ['complain_later', 'complained'],
  ])('that meets %s is %s in the end', async (kind, status) => {
    await fetch(`${inbox.inboxUrl}/api/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind }),
    });
    const channel = createEmailChannel({ smtpUrl: inbox.smtpUrl, from: { address: 'hello@mail.example.com' } });
    const { outcome } = await channel.send({
      id: communicationId,
      to: { address: 'zoe.hartley@example.org' },
      subject: 'Your questionnaire',
      text: 'Hello',
      composedAt: new Date(),
      listId: `${organizationId}.mail.example.com`,
    });
    await channel.close();
    expect(outcome).toBe('accepted');
    await eventually(`the message is ${status}`, async () => (await statusOf()) === status);
  });
});
