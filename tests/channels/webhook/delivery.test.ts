import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { afterEach, describe, expect, test } from 'vitest';
import { generateSigningKey, parseSigningKey } from '../../../channels/webhook/signing-key.ts';
import { createWebhookChannel, type WebhookMessage } from '../../../channels/webhook/webhook-channel.ts';
import { encodeEvent } from '../../../channels/webhook/webhook-event.ts';
import { allowPorts, startReceiver, startTcp } from './receiver.ts';

const secret = generateSigningKey('hmac');
const parsed = parseSigningKey(secret);
if (!parsed.ok) throw new Error(parsed.message);
const keys = [parsed.key];
const body = encodeEvent({ type: 'step.sent', timestamp: '2026-11-20T10:00:00Z', data: { note: 'Zoë 💍' } });
const message = (url: string, more: Partial<WebhookMessage> = {}): WebhookMessage => ({
  id: 'msg_1',
  url,
  body,
  keys,
  ...more,
});

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});
async function receiver(...parameters: Parameters<typeof startReceiver>) {
  const started = await startReceiver(...parameters);
  cleanUps.push(started.stop);
  return { ...started, channel: createWebhookChannel({ allowList: allowPorts(started.port) }) };
}
const answering = (status: number, headers: Record<string, string> = {}, text = '') =>
  receiver((_request, response) => response.writeHead(status, headers).end(text));

describe('a webhook', () => {
  test('arrives as one POST of the exact bytes, signed so that two independent libraries accept it', async () => {
    const { channel, received, url } = await receiver();
    const result = await channel.send(message(`${url}?source=wedsync`, { headers: { authorization: 'Bearer abc' } }));
    expect(result).toMatchObject({
      outcome: 'accepted',
      code: '204',
      endpoint: 'keep',
      attempt: { status: 204, fault: null },
    });
    expect(received).toHaveLength(1);
    const [got] = received;
    expect(got).toMatchObject({ method: 'POST', path: '/hooks?source=wedsync' });
    expect(got?.body.equals(body)).toBe(true);
    expect(got?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(body.length),
      'accept-encoding': 'identity',
      authorization: 'Bearer abc',
      'webhook-id': 'msg_1',
    });
    const headers = got?.headers as Record<string, string>;
    expect(() => new StandardWebhook(secret).verify(got?.body ?? '', headers, { jsonParse: false })).not.toThrow();
    expect(() => new SvixWebhook(secret).verify(got?.body ?? '', headers)).not.toThrow();
  });

  test('has the same id and body at each attempt, and the time and signature of that attempt', async () => {
    const { received, url, port } = await answering(500);
    const clock = [new Date('2026-11-20T10:00:00Z'), new Date('2026-11-20T10:05:00Z')];
    for (const now of clock) {
      await createWebhookChannel({ allowList: allowPorts(port), now: () => now }).send(message(url));
    }
    const [one, other] = received;
    expect(one?.headers['webhook-id']).toBe(other?.headers['webhook-id']);
    expect(one?.body.equals(other?.body ?? Buffer.alloc(0))).toBe(true);
    expect([one, other].map((got) => got?.headers['webhook-timestamp'])).toEqual(['1795168800', '1795169100']);
    expect(one?.headers['webhook-signature']).not.toBe(other?.headers['webhook-signature']);
  });

  test('is taken back before its first byte where the caller says so', async () => {
    const { channel, received, url } = await receiver();
    const refusal = channel.send(message(url), { beforeHandOver: () => Promise.reject(new Error('no longer')) });
    expect(await refusal).toMatchObject({ outcome: 'not_accepted', attempt: { fault: 'cancelled' } });
    expect(received).toHaveLength(0);
    let told = 0;
    const beforeHandOver = async (): Promise<void> => {
      expect(received).toHaveLength(0);
      told += 1;
    };
    expect(await channel.send(message(url), { beforeHandOver })).toMatchObject({ outcome: 'accepted' });
    expect(told).toBe(1);
  });

  test('cannot carry headers that belong to the signature, the connection or a second request', async () => {
    const { channel, received, url } = await receiver();
    const bad: Record<string, string>[] = [
      { host: 'inner' },
      { 'Content-Length': '0' },
      { 'webhook-signature': 'v1,x' },
      { 'x-forwarded-for': '10.0.0.1' },
      { 'X-aws-ec2-metadata-token\r\nx': '1' },
      { 'x-note': 'a\r\nHost: inner' },
      { 'Metadata-Flavor': 'Google' },
    ];
    for (const headers of bad) await expect(channel.send(message(url, { headers }))).rejects.toThrow('headers');
    expect(received).toHaveLength(0);
  });
});

describe('the answer', () => {
  const cases: [number, string, string | undefined, string][] = [
    [200, 'accepted', undefined, 'keep'],
    [202, 'accepted', undefined, 'keep'],
    [301, 'not_accepted', 'config', 'keep'],
    [400, 'not_accepted', 'retry', 'keep'],
    [401, 'not_accepted', 'config', 'keep'],
    [404, 'not_accepted', 'config', 'keep'],
    [410, 'refused', 'permanent', 'switch_off'],
    [413, 'refused', 'permanent', 'keep'],
    [429, 'not_accepted', 'later', 'keep'],
    [500, 'not_accepted', 'retry', 'keep'],
    [503, 'not_accepted', 'later', 'keep'],
    [599, 'not_accepted', 'retry', 'keep'],
  ];
  test.each(cases)('%i means %s', async (status, outcome, handling, endpoint) => {
    const { channel, url } = await answering(status);
    const result = await channel.send(message(url));
    expect(result).toMatchObject({ outcome, endpoint, code: String(status) });
    expect(result.handling).toBe(handling);
  });

  test('may ask for a pause, and overload asks for a minute by itself', async () => {
    const pause = async (status: number, headers: Record<string, string>) => {
      const { channel, url } = await answering(status, headers);
      return (await channel.send(message(url))).retryAfterMs;
    };
    expect(await pause(503, { 'retry-after': '600' })).toBe(600_000);
    expect(await pause(429, {})).toBe(60_000);
    expect(await pause(429, { 'retry-after': '1' })).toBe(60_000);
    expect(await pause(500, {})).toBeUndefined();
    expect(await pause(200, { 'retry-after': '600' })).toBeUndefined();
  });

  test('may take back this message or switch the endpoint off by a header', async () => {
    const taken = await answering(500, { 'webhook-delivery': 'abort-message' });
    expect(await taken.channel.send(message(taken.url))).toMatchObject({ outcome: 'refused', endpoint: 'keep' });
    const off = await answering(400, { 'Webhook-Delivery': 'disable' });
    expect(await off.channel.send(message(off.url))).toMatchObject({ outcome: 'refused', endpoint: 'switch_off' });
  });

  test('is kept with its headers and body, so that the owner can see what the receiver said', async () => {
    const { channel, url } = await answering(422, { 'x-request-id': 'abc' }, '{"error":"no such couple"}');
    const { attempt } = await channel.send(message(url));
    expect(Buffer.from(attempt.responseBody).toString()).toBe('{"error":"no such couple"}');
    expect(attempt).toMatchObject({
      bodyComplete: true,
      remoteAddress: '127.0.0.1',
      responseHeaders: { 'x-request-id': 'abc' },
    });
  });
});

describe('no answer', () => {
  test('is surely not delivered where nobody listens', async () => {
    const gone = await startTcp();
    await gone.stop();
    const channel = createWebhookChannel({ allowList: allowPorts(gone.port) });
    expect(await channel.send(message(gone.url))).toMatchObject({
      outcome: 'not_accepted',
      attempt: { fault: 'connection_refused', remoteAddress: null },
    });
  });

  test('is unknown where the connection broke after the request', async () => {
    const server = await startTcp((socket) => socket.once('data', () => socket.destroy()));
    cleanUps.push(server.stop);
    const channel = createWebhookChannel({ allowList: allowPorts(server.port) });
    expect(await channel.send(message(server.url))).toMatchObject({
      outcome: 'unknown',
      handling: 'retry',
      attempt: { fault: 'connection_lost' },
    });
    expect(server.seen).toMatchObject({ connections: 1 });
  });

  test('is not repeated within one attempt', async () => {
    const server = await startTcp((socket) => socket.once('data', () => socket.end('nonsense\r\n\r\n')));
    cleanUps.push(server.stop);
    const channel = createWebhookChannel({ allowList: allowPorts(server.port) });
    expect(await channel.send(message(server.url))).toMatchObject({
      outcome: 'unknown',
      attempt: { fault: 'protocol' },
    });
    expect(server.seen.connections).toBe(1);
  });

  test('is the name server’s fault where the name is not known', async () => {
    const unknownName = Object.assign(new Error('queryA ENOTFOUND'), { code: 'ENOTFOUND' });
    const channel = createWebhookChannel({ resolve: () => Promise.reject(unknownName) });
    expect(await channel.send(message('https://gone.example/'))).toMatchObject({
      outcome: 'not_accepted',
      handling: 'config',
      attempt: { fault: 'dns' },
    });
  });

  test('comes at once where the caller gives up or the channel closes', async () => {
    const server = await startTcp();
    cleanUps.push(server.stop);
    const channel = createWebhookChannel({ allowList: allowPorts(server.port) });
    const giveUp = new AbortController();
    const handedOver = {
      beforeHandOver: async (): Promise<void> => queueMicrotask(() => giveUp.abort()),
      signal: giveUp.signal,
    };
    expect(await channel.send(message(server.url), handedOver)).toMatchObject({ attempt: { fault: 'cancelled' } });
    const closing = { beforeHandOver: async (): Promise<void> => queueMicrotask(() => void channel.close()) };
    expect(await channel.send(message(server.url), closing)).toMatchObject({ attempt: { fault: 'cancelled' } });
  });
});
