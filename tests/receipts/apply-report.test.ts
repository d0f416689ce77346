import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readMail } from '../../channels/receipts/read-mail.ts';
import { readMailgun } from '../../channels/receipts/read-mailgun.ts';
import { readPostmark } from '../../channels/receipts/read-postmark.ts';
import { readSendGrid } from '../../channels/receipts/read-sendgrid.ts';
import { readSes } from '../../channels/receipts/read-ses.ts';
import { readTwilio } from '../../channels/receipts/read-twilio.ts';
import type { ProviderReport } from '../../channels/receipts/receipt.ts';
import { withTenant } from '../../db/tenant.ts';
import { applyReport, type AppliedReport } from '../../services/receipts/apply-report.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const FIXTURE_ID = '5f0e9a52-6c1b-4b0a-9a5e-0c2f6f3b7d11';
const NOW = new Date('2027-03-12T09:00:10Z');
let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  // The fixtures are of March 2027.
  await db.query('select ops.ensure_partitions(12)');
});
afterAll(() => db.close());

const file = (name: string): string => readFileSync(new URL(`../fixtures/providers/${name}`, import.meta.url), 'utf8');

interface Sent {
  readonly organizationId: string;
  readonly clientId: string;
  readonly contactId: string;
  readonly communicationId: string;
  readonly address: string;
}

/** An organization with one couple and one message to it, already handed over. */
async function sent(address: string, channel: 'email' | 'sms' | 'whatsapp' = 'email', status = 'sent'): Promise<Sent> {
  const organizationId = randomUUID();
  const communicationId = randomUUID();
  await db.query(`insert into app.organizations (id, name, slug) values ($1, 'Alder and Finch', $2)`, [
    organizationId,
    `o-${organizationId}`,
  ]);
  const [client] = await db.query<{ id: string }>(
    `insert into app.clients (organization_id, partner_1_name, partner_2_name) values ($1, 'Niamh', 'Oluwaseun') returning id`,
    [organizationId],
  );
  const [contact] = await db.query<{ id: string }>(
    `insert into app.client_contacts (organization_id, client_id, role, contact_type, contact_value)
     values ($1, $2, 'partner_1', $3, $4) returning id`,
    [organizationId, client?.id, channel === 'email' ? 'email' : 'phone', address],
  );
  await db.query(
    `insert into app.communications (id, organization_id, client_id, contact_id, idempotency_key, type, recipient, status)
     values ($1, $2, $3, $4, 'fixture', $5, $6, $7)`,
    [communicationId, organizationId, client?.id, contact?.id, channel, address, status],
  );
  return { organizationId, clientId: client?.id ?? '', contactId: contact?.id ?? '', communicationId, address };
}

async function apply(message: Sent, report: ProviderReport): Promise<AppliedReport> {
  if (!report.ok) throw new Error(report.problem);
  const tenant = { organizationId: message.organizationId, actor: 'provider' };
  return withTenant(db.api, tenant, (trx) => applyReport(trx, report, NOW));
}
/** A fixture about this message instead of the one it was written for. */
const about = (message: Sent, text: string): string => text.replaceAll(FIXTURE_ID, message.communicationId);

async function statusOf(message: Sent): Promise<string | undefined> {
  const [row] = await db.query<{ status: string }>('select status from app.communications where id = $1', [
    message.communicationId,
  ]);
  return row?.status;
}
const suppressions = (message: Sent): Promise<{ reason: string; purposes: string[] | null }[]> =>
  db.query('select reason, purposes from app.suppressions where organization_id = $1', [message.organizationId]);

type Case = [
  what: string,
  address: string,
  status: string,
  reason: string | null,
  report: (message: Sent) => ProviderReport | Promise<ProviderReport>,
];
const CASES: Case[] = [
  ['ses/bounce', 'zoe.hartley@example.org', 'bounced', 'bounce', (m) => readSes(about(m, file('ses/bounce.json')))],
  [
    'ses/bounce-transient',
    'kwame.mensah@example.org',
    'bounced',
    null,
    (m) => readSes(about(m, file('ses/bounce-transient.json'))),
  ],
  [
    'ses/complaint',
    'sian.llewellyn@example.com',
    'complained',
    'complaint',
    (m) => readSes(about(m, file('ses/complaint.json'))),
  ],
  [
    'ses/delivery',
    'niamh.osullivan@example.com',
    'delivered',
    null,
    (m) => readSes(about(m, file('ses/delivery.json'))),
  ],
  [
    'postmark/bounce',
    'zoe.hartley@example.org',
    'bounced',
    'bounce',
    (m) => readPostmark(about(m, file('postmark/bounce.json'))),
  ],
  [
    'mailgun/failed',
    'zoe.hartley@example.org',
    'bounced',
    'bounce',
    (m) => readMailgun(about(m, file('mailgun/failed.json'))),
  ],
  [
    'a bounce by mail',
    'zoe.hartley@example.org',
    'bounced',
    'bounce',
    (m) => readMail(Buffer.from(about(m, file('mail/dsn-user-unknown.eml'))), NOW),
  ],
  [
    'a complaint by mail',
    'sian.llewellyn@example.com',
    'complained',
    'complaint',
    (m) => readMail(Buffer.from(about(m, file('mail/arf-complaint.eml'))), NOW),
  ],
];
const twilio = (name: string, query: Record<string, string>): ProviderReport =>
  readTwilio(Object.fromEntries(new URLSearchParams(file(`twilio/${name}.txt`))), query, NOW);

describe('a report of a provider', () => {
  it.each(CASES)('%s, told twice, leads to the right status once', async (_what, address, status, reason, report) => {
    const message = await sent(address);
    const read = await report(message);
    expect(await apply(message, read)).toEqual({ applied: 1, repeated: 0, unknown: 0 });
    expect(await apply(message, read)).toEqual({ applied: 0, repeated: 1, unknown: 0 });
    expect(await statusOf(message)).toBe(status);
    expect((await suppressions(message)).map((row) => row.reason)).toEqual(reason === null ? [] : [reason]);
    const events = await db.query('select 1 from app.communication_events where communication_id = $1', [
      message.communicationId,
    ]);
    expect(events).toHaveLength(1);
  });

  it.each([
    ['queued', 'sent', 'delivered'],
    ['delivered', 'sent', 'queued'],
    ['sent', 'delivered', 'sent'],
  ])('of Twilio ends at delivered when it comes as %s, %s, %s', async (...order) => {
    const message = await sent('+447700900100', 'sms', 'sending');
    for (const name of order) await apply(message, twilio(`status-${name}`, { c: message.communicationId }));
    expect(await statusOf(message)).toBe('delivered');
  });

  it('resolves a message of unknown fate by the id that Twilio carries back, and keeps its own id', async () => {
    const message = await sent('+447700900100', 'sms', 'unknown');
    await apply(message, twilio('status-delivered', { c: message.communicationId }));
    const [row] = await db.query<{ status: string; provider_message_id: string }>(
      'select status, provider_message_id from app.communications where id = $1',
      [message.communicationId],
    );
    expect(row).toEqual({ status: 'delivered', provider_message_id: 'SM000000000000000000000000000000a1' });
    // From now on Twilio's own id is enough.
    expect(await apply(message, twilio('status-sent', {}))).toMatchObject({ applied: 1 });
  });

  it('of SendGrid, out of order and partly twice, ends right for the recipient', async () => {
    const message = await sent('niamh.osullivan@example.com');
    const report = readSendGrid(about(message, file('sendgrid/events.json')));
    if (!report.ok) throw new Error(report.problem);
    const mine = { ...report, receipts: report.receipts.filter((receipt) => receipt.recipient === message.address) };
    expect(await apply(message, mine)).toEqual({ applied: 4, repeated: 1, unknown: 0 });
    expect(await statusOf(message)).toBe('delivered');
  });

  it('about an unsubscription stops advertising, not the reminder of the balance', async () => {
    const message = await sent('priya.r@example.com');
    const report = readSendGrid(about(message, file('sendgrid/events.json')));
    if (!report.ok) throw new Error(report.problem);
    await apply(message, {
      ...report,
      receipts: report.receipts.filter((receipt) => receipt.event === 'unsubscribed'),
    });
    expect(await suppressions(message)).toEqual([{ reason: 'unsubscribe', purposes: ['marketing'] }]);
    expect(
      await db.query('select channel, purpose, state from app.consents where organization_id = $1', [
        message.organizationId,
      ]),
    ).toEqual([{ channel: 'email', purpose: 'marketing', state: 'withdrawn' }]);
    expect(await statusOf(message)).toBe('sent');
  });

  it('from a clock that is far off counts as of now', async () => {
    const message = await sent('zoe.hartley@example.org');
    for (const time of ['1970-01-01T00:00:00.000Z', '2199-01-01T00:00:00.000Z']) {
      const body = about(message, file('ses/bounce.json'))
        .replaceAll('2027-03-12T09:00:05.000Z', time)
        .replace('bounce-0001', `bounce-${time}`);
      expect(await apply(message, readSes(body))).toMatchObject({ applied: 1 });
    }
    const events = await db.query<{ at: string }>(
      `select distinct occurred_at::text as at from app.communication_events where communication_id = $1`,
      [message.communicationId],
    );
    expect(events).toHaveLength(1);
  });

  it('of one organization changes nothing of another', async () => {
    const [mine, other] = [await sent('zoe.hartley@example.org'), await sent('zoe.hartley@example.org')];
    expect(await apply(mine, readSes(about(other, file('ses/bounce.json'))))).toEqual({
      applied: 0,
      repeated: 0,
      unknown: 1,
    });
    expect(await statusOf(other)).toBe('sent');
    expect([...(await suppressions(mine)), ...(await suppressions(other))]).toEqual([]);
  });
});

describe('a reply', () => {
  const events = (message: Sent): Promise<{ data: object }[]> =>
    db.query(`select data from app.client_events where organization_id = $1 and name = 'reply'`, [
      message.organizationId,
    ]);

  it('by text is kept once, marks the message that it answers and tells the journeys', async () => {
    const message = await sent('+447700900100', 'sms');
    await db.query(`update app.communications set step_key = 'remind' where id = $1`, [message.communicationId]);
    await apply(message, twilio('inbound-reply', {}));
    expect(await apply(message, twilio('inbound-reply', {}))).toMatchObject({ repeated: 1 });
    expect(await events(message)).toEqual([{ data: { channel: 'sms', message: 'remind' } }]);
    const thread = await db.query<{ direction: string; replied: boolean; reply_to_id: string | null }>(
      `select direction, replied_at is not null as replied, reply_to_id from app.communications where organization_id = $1 order by direction`,
      [message.organizationId],
    );
    expect(thread).toEqual([
      { direction: 'inbound', replied: false, reply_to_id: message.communicationId },
      { direction: 'outbound', replied: true, reply_to_id: null },
    ]);
  });

  it('by email answers the message that it names', async () => {
    const message = await sent('niamh@example.com');
    const mail = `From: niamh@example.com\r\nTo: r@example.com\r\nMessage-ID: <r@x>\r\nIn-Reply-To: <${message.communicationId}.1@mail.example.com>\r\nSubject: Re\r\n\r\nDone!`;
    expect(await apply(message, await readMail(Buffer.from(mail), NOW))).toMatchObject({ applied: 1 });
    expect(await events(message)).toHaveLength(1);
  });

  it('STOP stops everything by text, is recorded as a wish, and START lifts it', async () => {
    const message = await sent('+447700900100', 'sms');
    await apply(message, twilio('inbound-stop', {}));
    expect(await suppressions(message)).toEqual([{ reason: 'stop_keyword', purposes: null }]);
    const start = new URLSearchParams({
      MessageSid: 'SMstart',
      From: '+447700900100',
      To: '+447700900900',
      Body: 'START',
      SmsStatus: 'received',
    });
    await apply(message, readTwilio(Object.fromEntries(start), {}, NOW));
    expect(await suppressions(message)).toEqual([]);
    const consents = await db.query(
      'select purpose, state from app.consents where organization_id = $1 order by recorded_at, purpose',
      [message.organizationId],
    );
    expect(consents).toEqual([
      { purpose: 'marketing', state: 'withdrawn' },
      { purpose: 'service', state: 'withdrawn' },
      { purpose: 'service', state: 'granted' },
    ]);
  });

  it('START does not lift a bounce', async () => {
    const message = await sent('+447700900122', 'sms');
    await db.query(
      `insert into app.suppressions (organization_id, channel, address_hash, reason)
       values ($1, 'sms', app.address_hash($1, '+447700900122'), 'bounce')`,
      [message.organizationId],
    );
    const start = new URLSearchParams({
      MessageSid: 'SMs2',
      From: '+447700900122',
      To: '+447700900900',
      Body: 'START',
      SmsStatus: 'received',
    });
    await apply(message, readTwilio(Object.fromEntries(start), {}, NOW));
    expect(await suppressions(message)).toEqual([{ reason: 'bounce', purposes: null }]);
  });

  it('of a stranger is nobody’s', async () => {
    const message = await sent('+447700900199', 'sms');
    expect(await apply(message, twilio('inbound-reply', {}))).toEqual({ applied: 0, repeated: 0, unknown: 1 });
  });
});
