import { Client } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { guardedConnector } from '../../../channels/webhook/guarded-connector.ts';
import { parseSigningKey } from '../../../channels/webhook/signing-key.ts';
import { createWebhookChannel } from '../../../channels/webhook/webhook-channel.ts';
import { allowPorts, startReceiver, startTcp } from './receiver.ts';
import { SPELLINGS } from './spellings.ts';

const parsed = parseSigningKey(`whsec_${Buffer.alloc(32, 1).toString('base64')}`);
if (!parsed.ok) throw new Error(parsed.message);
const keys = [parsed.key];
const message = (url: string) => ({ id: 'msg_1', url, body: Buffer.from('{}'), keys });

let victim: Awaited<ReturnType<typeof startTcp>>;
beforeEach(async () => {
  // On all addresses of both families, so that whatever a spelling leads to on this machine would be noticed.
  victim = await startTcp(undefined, '::');
});
afterEach(() => victim.stop());

const onThisMachine = [
  '127.0.0.1',
  '127.1',
  '0x7f.1',
  '2130706433',
  '017700000001',
  '0',
  '[::1]',
  '[::ffff:7f00:1]',
  '①②⑦.⓪.⓪.①',
];

describe('an inner service', () => {
  test.each(onThisMachine)('is reached by %s where nobody guards it, or this test could not fail', async (host) => {
    const client = new Client(new URL(`http://${host}:${victim.port}`));
    const answer = client.request({ path: '/', method: 'GET' }).catch(() => undefined);
    await expect.poll(() => victim.seen.connections).toBe(1);
    await client.destroy();
    await answer;
  });

  test.each(SPELLINGS)('is not reached by %s through the channel', async (host) => {
    const channel = createWebhookChannel();
    for (const scheme of ['https', 'http']) {
      const result = await channel.send(message(`${scheme}://${host}:${victim.port}/hooks`));
      expect(result).toMatchObject({
        outcome: 'refused',
        endpoint: 'switch_off',
        attempt: { fault: 'address_refused' },
      });
    }
    expect(victim.seen.connections).toBe(0);
  });

  test.each([...onThisMachine, 'localhost', 'anything.example'])(
    'is not reached by %s through the connector alone, which does not see how the address was written',
    async (host) => {
      const connect = guardedConnector({
        allowList: [],
        signal: new AbortController().signal,
        resolve: () => Promise.resolve(['127.0.0.1', '::1']),
        onConnected: () => Promise.resolve(),
      });
      const client = new Client(new URL(`http://${host}:${victim.port}`), { connect });
      await expect(client.request({ path: '/', method: 'GET' })).rejects.toThrow('leads to');
      await client.destroy();
      expect(victim.seen.connections).toBe(0);
    },
  );

  test.each([
    ['only that', ['127.0.0.1']],
    ['a public address too', ['8.8.8.8', '127.0.0.1']],
    ['its IPv6 spelling', ['2606:4700::1111', '::ffff:127.0.0.1']],
    ['NAT64', ['64:ff9b::7f00:1']],
    ['link-local', ['fe80::1%lo']],
    ['cloud metadata', ['169.254.169.254']],
  ])('is not reached by a name that resolves to %s', async (_name, addresses) => {
    const channel = createWebhookChannel({ resolve: () => Promise.resolve(addresses) });
    const result = await channel.send(message(`https://rebind.example:${victim.port}/`));
    expect(result).toMatchObject({ outcome: 'refused', attempt: { fault: 'address_refused' } });
    expect(result.detail).not.toContain('127.0.0.1');
    expect(victim.seen.connections).toBe(0);
  });

  test('is not reached by rebinding: the name is asked once an attempt, and what was judged is what is dialled', async () => {
    const receiver = await startReceiver();
    const answers = [['127.0.0.1'], ['127.0.0.2'], ['127.0.0.1']];
    let asked = 0;
    const resolve = async (): Promise<string[]> => answers[asked++] ?? [];
    const channel = createWebhookChannel({ allowList: allowPorts(receiver.port), resolve });
    const url = `http://rebind.example:${receiver.port}/`;
    const outcomes = [];
    for (const attempt of [1, 2, 3]) {
      outcomes.push((await channel.send(message(url))).outcome);
      expect(asked).toBe(attempt);
    }
    expect(outcomes).toEqual(['accepted', 'refused', 'accepted']);
    expect(receiver.received).toHaveLength(2);
    await receiver.stop();
  });

  test('is not reached by a redirect', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const location = `http://127.0.0.1:${victim.port}/admin`;
      const receiver = await startReceiver((_request, response) => response.writeHead(status, { location }).end());
      // Even where both are allowed: a redirect is not followed at all.
      const channel = createWebhookChannel({ allowList: allowPorts(receiver.port, victim.port) });
      expect(await channel.send(message(receiver.url))).toMatchObject({
        outcome: 'not_accepted',
        detail: expect.stringContaining('has moved'),
        attempt: { responseHeaders: { location } },
      });
      await receiver.stop();
    }
    expect(victim.seen.connections).toBe(0);
  });

  test('is not reached through a proxy that the environment names', async () => {
    const receiver = await startReceiver();
    const names = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY'];
    const before = names.map((name) => [name, process.env[name]] as const);
    for (const name of names) process.env[name] = `http://127.0.0.1:${victim.port}`;
    try {
      const channel = createWebhookChannel({ allowList: allowPorts(receiver.port) });
      expect(await channel.send(message(receiver.url))).toMatchObject({ outcome: 'accepted' });
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
    expect(victim.seen.connections).toBe(0);
    await receiver.stop();
  });

  test('stays closed to a name whose address is public but whose scheme or port is not for webhooks', async () => {
    const channel = createWebhookChannel({ allowList: allowPorts(1), resolve: () => Promise.resolve(['8.8.8.8']) });
    for (const url of ['http://plain.example/', 'https://database.example:5432/']) {
      expect(await channel.send(message(url))).toMatchObject({
        outcome: 'refused',
        attempt: { fault: 'address_refused' },
      });
    }
  });
});
