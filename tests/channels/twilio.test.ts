import { randomUUID } from 'node:crypto';
import { assert, asyncProperty, constantFrom } from 'fast-check';
import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SendResult } from '../../channels/channel.ts';
import { findTwilioCode, classifyTwilio } from '../../channels/classify-twilio.ts';
import { TWILIO_CODES } from '../../channels/codes/twilio-codes.ts';
import type { SmsMessage } from '../../channels/text-message.ts';
import { withinConversation } from '../../channels/text-message.ts';
import { createSmsChannel, createWhatsappChannel, type TwilioOptions } from '../../channels/twilio.ts';
import { startInbox, type RunningInbox } from '../../cli/dev/inbox/start-inbox.ts';
import { startReceiver, type Receiver } from './support/receiver.ts';

const NUMBER = '+447700900100';
const SENDER = '+447700900900';
let inbox: RunningInbox;
let receiver: Receiver;
let settings: TwilioOptions;

beforeAll(async () => {
  receiver = await startReceiver();
  inbox = await startInbox({ callbackPaceMs: 5, inboundTextsUrl: `${receiver.url}/inbound` });
  settings = { ...inbox.twilio, sender: { from: SENDER }, statusCallbackUrl: `${receiver.url}/status?org=7` };
});
afterAll(async () => {
  await inbox.stop();
  await receiver.stop();
});
afterEach(async () => {
  await fetch(`${inbox.inboxUrl}/api/faults`, { method: 'DELETE' });
});

const aText = (over: Partial<SmsMessage> = {}): SmsMessage => ({
  id: randomUUID(),
  to: NUMBER,
  body: 'See you tomorrow!',
  ...over,
});
const template = { contentSid: `HX${'a'.repeat(32)}`, contentVariables: { 1: 'Niamh' } };

async function fail(fault: object): Promise<void> {
  const response = await fetch(`${inbox.inboxUrl}/api/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ channel: 'sms', ...fault }),
  });
  expect(response.status).toBe(201);
}
type Seen = { id: string; details: Record<string, string>; preview: string; from: string };
async function seen(query: string): Promise<Seen[]> {
  return ((await (await fetch(`${inbox.inboxUrl}/api/messages?${query}`)).json()) as { messages: Seen[] }).messages;
}
const statuses = (id: string): (string | undefined)[] =>
  receiver.calls.filter((call) => call.url.includes(`c=${id}`)).map((call) => call.fields['MessageStatus']);

describe('a text message', () => {
  it('is taken, and the result carries the provider id under which it is found', async () => {
    const message = aText({ body: `Hello ${randomUUID()}` });
    const channel = createSmsChannel(settings);
    const result = await channel.send(message);
    expect(result).toMatchObject({
      outcome: 'accepted',
      providerId: expect.stringMatching(/^SM[0-9a-f]{32}$/) as string,
    });
    expect(await channel.find(message, new Date(Date.now() - 60_000))).toMatchObject({ providerId: result.providerId });
    expect(await channel.find({ ...message, body: 'something else' }, new Date(0))).toBeNull();
  });

  it('reports its way by callbacks which carry our id and a signature that Twilio’s own library accepts', async () => {
    const message = aText();
    await createSmsChannel(settings).send(message);
    await receiver.until(() => statuses(message.id).length === 3);
    expect(statuses(message.id)).toEqual(['queued', 'sent', 'delivered']);
    const calls = receiver.calls.filter((call) => call.url.includes(`c=${message.id}`));
    for (const { url, fields, signature } of calls) {
      expect(url).toBe(`${receiver.url}/status?org=7&c=${message.id}`);
      expect(validateRequest(inbox.twilio.authToken, signature, url, fields)).toBe(true);
      expect(validateRequest(inbox.twilio.authToken, signature, url, { ...fields, MessageStatus: 'read' })).toBe(false);
    }
  });

  it.each(['07700900100', '+44 7700 900100', '447700900100', '', '+4'])(
    'is refused here when the number is %j',
    async (to) => {
      expect(await createSmsChannel(settings).send(aText({ to }))).toMatchObject({
        outcome: 'refused',
        handling: 'suppress',
      });
    },
  );

  it('is refused here when it is longer than Twilio takes', async () => {
    const result = await createSmsChannel(settings).send(aText({ body: 'x'.repeat(1_601) }));
    expect(result).toMatchObject({ outcome: 'refused', handling: 'permanent', code: 'INVALID_MESSAGE' });
  });

  // Twilio's own test numbers: the same cases may run against the real API with test credentials.
  it.each([
    ['+15005550001', '21211', 'refused', 'suppress'],
    ['+15005550002', '21612', 'refused', 'permanent'],
    ['+15005550003', '21408', 'not_accepted', 'config'],
    ['+15005550004', '21610', 'refused', 'suppress'],
    ['+15005550009', '21614', 'refused', 'suppress'],
  ])('to %s meets %s', async (to, code, outcome, handling) => {
    expect(await createSmsChannel(settings).send(aText({ to }))).toMatchObject({ code, outcome, handling });
  });

  it.each([
    ['+15005550001', '21212', 'config'],
    ['+15005550007', '21606', 'config'],
    ['+15005550008', '21611', 'retry'],
  ])('from %s meets %s', async (from, code, handling) => {
    const result = await createSmsChannel({ ...settings, sender: { from } }).send(aText());
    expect(result).toMatchObject({ outcome: 'not_accepted', code, handling });
  });

  it('waits for the settings to be repaired when the credentials are refused', async () => {
    const result = await createSmsChannel({ ...settings, authToken: 'wrong' }).send(aText());
    expect(result).toMatchObject({ outcome: 'not_accepted', handling: 'config', code: '20003' });
  });

  it('says nothing of the number or the credentials when it fails', async () => {
    const unreachable = createSmsChannel({ ...settings, baseUrl: 'http://127.0.0.1:1' });
    for (const result of [
      await unreachable.send(aText()),
      await createSmsChannel(settings).send(aText({ to: '+15005550004' })),
    ]) {
      expect(JSON.stringify(result)).not.toMatch(/7700|5005550|development-inbox|Basic/);
    }
  });

  it('is not sent once the person has replied STOP, and again after START', async () => {
    // A messaging service tells of opt-outs by itself.
    const channel = createSmsChannel({ ...settings, sender: { messagingServiceSid: `MG${'0'.repeat(31)}1` } });
    const to = '+447700900155';
    const { providerId } = await channel.send(aText({ to }));
    const reply = async (text: string): Promise<void> => {
      await fetch(`${inbox.inboxUrl}/api/messages/${providerId}/reply`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ text }),
      });
    };
    await reply('Stop.');
    expect(await channel.send(aText({ to }))).toMatchObject({
      outcome: 'refused',
      handling: 'suppress',
      code: '21610',
    });
    await reply('START');
    expect(await channel.send(aText({ to }))).toMatchObject({ outcome: 'accepted' });
    const inbound = receiver.calls.filter((call) => call.url.endsWith('/inbound') && call.fields['From'] === to);
    expect(inbound.map((call) => call.fields['OptOutType'])).toEqual(['STOP', 'START']);
  });
});

describe('whatever happens to a request to Twilio', () => {
  const faults = [
    { kind: 'refuse', code: 21610 },
    { kind: 'defer' },
    { kind: 'drop_before_data' },
    { kind: 'drop_after_data', keep: true },
    { kind: 'drop_after_data', keep: false },
    { kind: 'server_error', keep: true },
    { kind: 'server_error', keep: false },
    { kind: 'late_answer', delayMs: 3_000_000, keep: true },
    { kind: 'late_answer', delayMs: 3_000_000, keep: false },
  ];
  async function carryOut(ifUnknown: 'assume_sent' | 'resend_once', message: SmsMessage): Promise<SendResult[]> {
    const channel = createSmsChannel({ ...settings, timeoutMs: 150 });
    const results: SendResult[] = [];
    for (let resent = false; ;) {
      const result = await channel.send(message);
      results.push(result);
      const resend: boolean = result.outcome === 'unknown' && ifUnknown === 'resend_once' && !resent;
      if (result.outcome !== 'not_accepted' && !resend) return results;
      resent ||= resend;
    }
  }

  it.each([
    { ifUnknown: 'assume_sent' as const, promise: 'at most one text', least: 0, most: 1 },
    { ifUnknown: 'resend_once' as const, promise: 'at least one text', least: 1, most: 2 },
  ])('$promise reaches the telephone with $ifUnknown', async ({ ifUnknown, least, most }) => {
    const temporary = faults.filter((fault) => fault.kind !== 'refuse');
    await assert(
      asyncProperty(constantFrom(...temporary), async (fault) => {
        const message = aText();
        await fail(fault);
        await carryOut(ifUnknown, message);
        const copies = await seen(`communicationId=${message.id}`);
        expect(copies.length).toBeGreaterThanOrEqual(least);
        expect(copies.length).toBeLessThanOrEqual(most);
      }),
      { numRuns: 24 },
    );
  });

  it.each(faults)('$kind (kept: $keep) is called what it is', async (fault) => {
    const message = aText();
    await fail(fault);
    const { outcome } = await createSmsChannel({ ...settings, timeoutMs: 150 }).send(message);
    const expected = { refuse: 'refused', defer: 'not_accepted' }[fault.kind] ?? 'unknown';
    expect(outcome).toBe(expected);
  });

  it('is unknown after the deadline, and "surely not sent" where nothing listens', async () => {
    await fail({ kind: 'late_answer', delayMs: 3_000_000 });
    const late = await createSmsChannel(settings).send(aText(), { deadline: new Date(Date.now() + 100) });
    const nobody = await createSmsChannel({ ...settings, baseUrl: 'http://127.0.0.1:1' }).send(aText());
    expect([late.outcome, nobody.outcome]).toEqual(['unknown', 'not_accepted']);
  });

  it('is surely not sent when it is given up before Twilio is asked', async () => {
    const message = aText();
    const refused = await createSmsChannel(settings).send(message, {
      beforeHandOver: () => Promise.reject(new Error('no longer')),
    });
    const aborted = await createSmsChannel(settings).send(message, { signal: AbortSignal.abort() });
    expect([refused.outcome, aborted.outcome]).toEqual(['not_accepted', 'not_accepted']);
    expect(await seen(`communicationId=${message.id}`)).toEqual([]);
  });

  it('tells by its callback that a message whose answer was lost did go', async () => {
    const message = aText();
    await fail({ kind: 'drop_after_data' });
    expect((await createSmsChannel(settings).send(message)).outcome).toBe('unknown');
    await receiver.until(() => statuses(message.id).includes('delivered'));
  });

  it.each([
    ['undelivered', ['queued', 'sent', 'undelivered']],
    ['callbacks_out_of_order', ['delivered', 'sent', 'queued']],
    ['callbacks_twice', ['queued', 'queued', 'sent', 'sent', 'delivered', 'delivered']],
  ])('%s can be tried', async (kind, expected) => {
    const message = aText();
    await fail({ kind });
    await createSmsChannel(settings).send(message);
    await receiver.until(() => statuses(message.id).length === expected.length);
    expect(statuses(message.id)).toEqual(expected);
  });
});

describe('a WhatsApp message', () => {
  it('outside of the conversation window goes as an approved template only', async () => {
    const channel = createWhatsappChannel(settings);
    const to = '+447700900177';
    expect(await channel.send({ id: randomUUID(), to, body: 'Hello' })).toMatchObject({
      outcome: 'refused',
      code: '63016',
    });
    expect(findTwilioCode(63016).otherWay).toBe(true);
    const sent = await channel.send({ id: randomUUID(), to, ...template });
    expect(sent.outcome).toBe('accepted');
    await fetch(`${inbox.inboxUrl}/api/messages/${sent.providerId}/reply`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'Yes please!' }),
    });
    expect((await channel.send({ id: randomUUID(), to, body: 'Lovely' })).outcome).toBe('accepted');
    const inbound = receiver.calls.filter((call) => call.url.endsWith('/inbound'));
    expect(inbound.map((call) => call.fields['From'])).toContain(`whatsapp:${to}`);
  });

  it('counts the window as 24 hours from what the person last wrote', () => {
    const now = new Date('2027-06-12T12:00:00Z');
    expect(withinConversation(new Date('2027-06-11T12:00:01Z'), now)).toBe(true);
    expect(withinConversation(new Date('2027-06-11T12:00:00Z'), now)).toBe(false);
    expect(withinConversation(null, now)).toBe(false);
  });
});

describe('the table of Twilio codes', () => {
  it('has every code once, with a time to wait exactly where another attempt makes sense', () => {
    expect(new Set(TWILIO_CODES.map((row) => row.code)).size).toBe(TWILIO_CODES.length);
    expect(TWILIO_CODES.filter((row) => (row.retryAfterMs !== undefined) !== (row.outcome === 'not_accepted'))).toEqual(
      [],
    );
  });

  it.each([
    [20003, 'not_accepted', 'config'],
    [20429, 'not_accepted', 'retry'],
    [21211, 'refused', 'suppress'],
    [21408, 'not_accepted', 'config'],
    [21610, 'refused', 'suppress'],
    [21611, 'not_accepted', 'retry'],
    [21617, 'refused', 'permanent'],
    [30003, 'not_accepted', 'later'],
    [30005, 'refused', 'suppress'],
    [30006, 'refused', 'suppress'],
    [30007, 'refused', 'permanent'],
    [30034, 'not_accepted', 'config'],
    [63003, 'refused', 'permanent'],
    [63016, 'refused', 'permanent'],
    [63018, 'not_accepted', 'retry'],
    [63049, 'not_accepted', 'later'],
    [39_999, 'not_accepted', 'later'],
    [21_999, 'refused', 'permanent'],
    [99_999, 'refused', 'permanent'],
  ])('%i is %s, %s', (code, outcome, handling) => {
    expect(classifyTwilio({ status: 400, code, neverConnected: false })).toMatchObject({ outcome, handling });
  });

  it.each([500, 502, 503, 504, 408])('HTTP %i is unknown: the message may have gone', (status) => {
    expect(classifyTwilio({ status, neverConnected: false }).outcome).toBe('unknown');
  });
});
