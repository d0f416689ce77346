import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bounceAddressOf } from '../../../channels/receipts/bounce-address.ts';
import { laterStatus } from '../../../channels/receipts/later-status.ts';
import { readMail } from '../../../channels/receipts/read-mail.ts';
import { readMailgun } from '../../../channels/receipts/read-mailgun.ts';
import { readPostmark } from '../../../channels/receipts/read-postmark.ts';
import { readSendGrid } from '../../../channels/receipts/read-sendgrid.ts';
import { readSes } from '../../../channels/receipts/read-ses.ts';
import { readTwilio } from '../../../channels/receipts/read-twilio.ts';
import type { CommunicationStatus, ProviderReport, Receipt } from '../../../channels/receipts/receipt.ts';

const ID = '5f0e9a52-6c1b-4b0a-9a5e-0c2f6f3b7d11';
const NOW = new Date('2027-03-12T09:00:10Z');
const file = (name: string): string =>
  readFileSync(new URL(`../../fixtures/providers/${name}`, import.meta.url), 'utf8');
const twilio = (name: string): ProviderReport =>
  readTwilio(Object.fromEntries(new URLSearchParams(file(`twilio/${name}.txt`))), { c: ID }, NOW);

function read(report: ProviderReport): Extract<ProviderReport, { ok: true }> {
  if (!report.ok) throw new Error(report.problem);
  return report;
}

/** The status of a communication after receipts in this order, from the moment it was handed over. */
function statusAfter(receipts: readonly Receipt[], from: CommunicationStatus = 'sent'): CommunicationStatus {
  return receipts.reduce((status, receipt) => laterStatus(status, receipt.status), from);
}

const SINGLE: [
  name: string,
  report: () => ProviderReport | Promise<ProviderReport>,
  status: CommunicationStatus,
  suppression: string | null,
][] = [
  ['ses/bounce', () => readSes(file('ses/bounce.json')), 'bounced', 'hard_bounce'],
  ['ses/bounce-transient', () => readSes(file('ses/bounce-transient.json')), 'bounced', null],
  ['ses/complaint', () => readSes(file('ses/complaint.json')), 'complained', 'complaint'],
  ['ses/delivery', () => readSes(file('ses/delivery.json')), 'delivered', null],
  ['postmark/bounce', () => readPostmark(file('postmark/bounce.json')), 'bounced', 'hard_bounce'],
  ['mailgun/failed', () => readMailgun(file('mailgun/failed.json')), 'bounced', 'hard_bounce'],
  [
    'mail/dsn-user-unknown',
    () => readMail(Buffer.from(file('mail/dsn-user-unknown.eml')), NOW),
    'bounced',
    'hard_bounce',
  ],
  ['mail/arf-complaint', () => readMail(Buffer.from(file('mail/arf-complaint.eml')), NOW), 'complained', 'complaint'],
  ['twilio/status-queued', () => twilio('status-queued'), 'sent', null],
  ['twilio/status-sent', () => twilio('status-sent'), 'sent', null],
  ['twilio/status-delivered', () => twilio('status-delivered'), 'delivered', null],
  ['twilio/status-whatsapp-read', () => twilio('status-whatsapp-read'), 'delivered', null],
  ['twilio/status-undelivered-30003', () => twilio('status-undelivered-30003'), 'failed', null],
  ['twilio/status-failed-21610', () => twilio('status-failed-21610'), 'failed', 'stop_keyword'],
];

describe('what a provider reports', () => {
  it.each(SINGLE)(
    '%s leads to the right status, also when it comes twice',
    async (_name, report, status, suppression) => {
      const { receipts } = read(await report());
      const [only] = receipts;
      expect(receipts).toHaveLength(1);
      expect(only).toMatchObject({ communicationId: ID, suppression });
      expect(statusAfter(receipts)).toBe(status);
      expect(statusAfter([...receipts, ...receipts])).toBe(status);
      const again = read(await report()).receipts;
      expect(again.map((receipt) => receipt.dedupKey)).toEqual(receipts.map((receipt) => receipt.dedupKey));
    },
  );

  it.each(SINGLE)('%s tells its detail without an address or number', async (_name, report) => {
    for (const { detail } of read(await report()).receipts) expect(detail).not.toMatch(/@|\+44|7700/);
  });

  it('from SendGrid comes out of order and partly twice, and ends right for each recipient', () => {
    const { receipts } = read(readSendGrid(file('sendgrid/events.json')));
    const keys = receipts.map((receipt) => receipt.dedupKey);
    expect(new Set(keys).size).toBe(keys.length - 1);
    const of = (recipient: string): Receipt[] => receipts.filter((receipt) => receipt.recipient === recipient);
    expect(statusAfter(of('niamh.osullivan@example.com'))).toBe('delivered');
    expect(statusAfter(of('kwame.mensah@example.org'))).toBe('sent');
    expect(statusAfter(of('zoe.hartley@example.org'))).toBe('bounced');
    expect(statusAfter(of('sian.llewellyn@example.com'))).toBe('complained');
    const suppressed = receipts.filter((receipt) => receipt.suppression !== null);
    expect(suppressed.map((receipt) => [receipt.event, receipt.suppression])).toEqual([
      ['bounced', 'hard_bounce'],
      ['dropped', 'hard_bounce'],
      ['complained', 'complaint'],
      ['unsubscribed', 'unsubscribe'],
      ['unsubscribed', 'unsubscribe'],
    ]);
  });

  it('keeps Postmark’s number whole although JavaScript would round it', () => {
    const [first] = read(readPostmark(file('postmark/bounce.json'))).receipts;
    expect(first?.dedupKey).toBe('Bounce:4323372036854770001');
  });

  it('asks for Amazon’s subscription to be confirmed', () => {
    const body = JSON.stringify({
      Type: 'SubscriptionConfirmation',
      MessageId: 'm',
      Message: 'please',
      Timestamp: '2027-03-12T09:00:00Z',
      SubscribeURL: 'https://sns.eu-west-2.amazonaws.com/?Action=ConfirmSubscription',
    });
    expect(readSes(body)).toMatchObject({ ok: true, confirmUrl: expect.stringContaining('Confirm') as string });
  });

  it.each([
    ['ses', readSes],
    ['sendgrid', readSendGrid],
    ['postmark', readPostmark],
    ['mailgun', readMailgun],
  ])('that %s did not write is refused, never an exception', (_provider, reader) => {
    for (const body of ['', '{', 'null', '[]'.repeat(2), '{"a":1}', '[{"event":"new"}]', '{"Message":"{}"}']) {
      expect(reader(body).ok).toBe(false);
    }
  });
});

describe('a mail that comes back to the address that names its message', () => {
  const bounced = (to: string): Buffer =>
    Buffer.from(
      [
        'From: MAILER-DAEMON@mx.example.com',
        `To: ${to}`,
        'Return-Path: <>',
        'Message-ID: <dsn1@mx.example.com>',
        'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
        '',
        '--b',
        'Content-Type: text/plain',
        '',
        'Not delivered.',
        '--b',
        'Content-Type: message/delivery-status',
        '',
        'Reporting-MTA: dns; mx.example.com',
        '',
        'Final-Recipient: rfc822; zoe@example.org',
        'Action: failed',
        'Status: 5.1.1',
        '--b--',
        '',
      ].join('\r\n'),
    );

  it('is about that message, also where the report says nothing of it', async () => {
    const [old, current] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const { receipts } = read(
      await readMail(bounced(bounceAddressOf(ID, 'bounces.example.com', old)), NOW, [current, old]),
    );
    expect(receipts).toMatchObject([{ communicationId: ID, event: 'bounced', suppression: 'hard_bounce' }]);
  });

  it('is about none where the address was made up', async () => {
    const made = bounceAddressOf(ID, 'bounces.example.com', Buffer.alloc(32, 9));
    const { receipts } = read(await readMail(bounced(made), NOW, [Buffer.alloc(32, 1)]));
    expect(receipts).toMatchObject([{ communicationId: null }]);
  });
});

describe('what a person replies', () => {
  it('by text is taken with its number', () => {
    const { replies } = read(twilio('inbound-reply'));
    expect(replies).toMatchObject([
      { channel: 'sms', from: '+447700900100', keyword: null, text: expect.stringContaining('do the form') as string },
    ]);
  });

  it('STOP by text is a wish to stop', () => {
    expect(read(twilio('inbound-stop')).replies).toMatchObject([{ channel: 'sms', keyword: 'stop' }]);
  });

  it('by WhatsApp is told apart from a text', () => {
    expect(read(twilio('inbound-whatsapp')).replies).toMatchObject([
      { channel: 'whatsapp', from: '+447700900100', keyword: null },
    ]);
  });

  it('by email says which message it answers, without the quote', async () => {
    const mail = [
      'From: Niamh <niamh@example.com>',
      'To: reply@example.com',
      'Subject: Re: Your questionnaire',
      'Message-ID: <r1@example.com>',
      `In-Reply-To: <${ID}.1@mail.example.com>`,
      '',
      'Done, thank you!',
      '',
      'On Fri, 12 Mar 2027, Alder and Finch wrote:',
      '> Please fill it in',
    ].join('\r\n');
    const { replies } = read(await readMail(Buffer.from(mail), NOW));
    expect(replies).toMatchObject([
      { channel: 'email', communicationId: ID, text: 'Done, thank you!', from: 'niamh@example.com' },
    ]);
  });

  it.each(['Auto-Submitted: auto-replied', 'Precedence: bulk', 'X-Autoreply: yes', 'Return-Path: <>'])(
    'by a machine (%s) is nobody’s reply',
    async (header) => {
      const mail = `From: Niamh <niamh@example.com>\r\nTo: x@example.com\r\n${header}\r\nSubject: Away\r\n\r\nI am away.`;
      expect(await readMail(Buffer.from(mail), NOW)).toEqual({ ok: true, receipts: [], replies: [] });
    },
  );
});
