import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { describe, expect, test } from 'vitest';
import { signWebhook } from '../../../channels/webhook/sign-webhook.ts';
import {
  generateSigningKey,
  parseSigningKey,
  parseVerifyingKey,
  publicKeyText,
  type SigningKey,
  verifyingKeyOf,
} from '../../../channels/webhook/signing-key.ts';
import { verifyWebhook } from '../../../channels/webhook/verify-webhook.ts';

// Published vectors: the HMAC one is in the test suites of all the specification's libraries, the ed25519 one in the
// specification itself and in Svix's server.
const VECTOR = {
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  timestamp: 1_614_265_330,
  body: Buffer.from('{"test": 2432232314}'),
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  v1: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  privateKey: 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
  publicKey: 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=',
  v1a: 'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
};
const BODY = Buffer.from('{"type":"step.sent","data":{"couple":"Zoë & Søren 💍","n":1e400}}');

function key(text: string): SigningKey {
  const parsed = parseSigningKey(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.key;
}
const at = (timestamp: number): Date => new Date(timestamp * 1000);
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

describe('what we sign', () => {
  test('is the published vector for a shared secret, with and without the prefix', () => {
    for (const secret of [VECTOR.secret, VECTOR.secret.slice('whsec_'.length)]) {
      expect(signWebhook(VECTOR, [key(secret)])).toEqual({
        'webhook-id': VECTOR.id,
        'webhook-timestamp': '1614265330',
        'webhook-signature': VECTOR.v1,
      });
    }
  });

  test('is the published vector for an ed25519 key, whose public half is the published one', () => {
    expect(signWebhook(VECTOR, [key(VECTOR.privateKey)])['webhook-signature']).toBe(VECTOR.v1a);
    expect(publicKeyText(key(VECTOR.privateKey))).toBe(VECTOR.publicKey);
  });

  test('is accepted by the libraries of Standard Webhooks and of Svix', () => {
    const secret = generateSigningKey('hmac');
    const headers = signWebhook({ id: 'msg_1', timestamp: nowSeconds(), body: BODY }, [key(secret)]);
    const options = { jsonParse: false };
    expect(() => new StandardWebhook(secret).verify(BODY, { ...headers }, options)).not.toThrow();
    expect(() => new SvixWebhook(secret).verify(BODY, { ...headers })).not.toThrow();
    const changed = Buffer.from(BODY.toString().replace('sent', 'lost'));
    expect(() => new StandardWebhook(secret).verify(changed, { ...headers }, options)).toThrow('No matching signature');
  });

  test('is accepted by openssl, for either kind of key', () => {
    const content = { id: 'msg_1', timestamp: 1_800_000_000, body: BODY };
    const folder = mkdtempSync(join(tmpdir(), 'wedsync-signature-'));
    const file = (name: string, bytes: Buffer | string): string => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    try {
      const signed = file('signed', Buffer.concat([Buffer.from('msg_1.1800000000.'), BODY]));
      const secret = generateSigningKey('hmac');
      const hexKey = Buffer.from(secret.slice('whsec_'.length), 'base64').toString('hex');
      const digest = execFileSync('openssl', [
        'dgst',
        '-sha256',
        '-mac',
        'HMAC',
        '-macopt',
        `hexkey:${hexKey}`,
        '-binary',
        signed,
      ]);
      expect(signWebhook(content, [key(secret)])['webhook-signature']).toBe(`v1,${digest.toString('base64')}`);

      const signingKey = key(generateSigningKey('ed25519'));
      const [, signature = ''] = signWebhook(content, [signingKey])['webhook-signature'].split(',');
      const verifying = verifyingKeyOf(signingKey);
      if (verifying.kind !== 'ed25519') throw new Error('expected a public key');
      const pem = file('key.pem', verifying.publicKey.export({ format: 'pem', type: 'spki' }).toString());
      const sig = file('sig', Buffer.from(signature, 'base64'));
      const check = ['pkeyutl', '-verify', '-pubin', '-inkey', pem, '-rawin', '-in', signed, '-sigfile', sig];
      expect(execFileSync('openssl', check).toString()).toContain('Signature Verified Successfully');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('is over bytes, so that two bodies that are no valid text differ in their signatures', () => {
    const keys = [key(VECTOR.secret)];
    const signature = (body: Buffer): string =>
      signWebhook({ id: 'msg_1', timestamp: 1, body }, keys)['webhook-signature'];
    expect(signature(Buffer.from([0xff]))).not.toBe(signature(Buffer.from([0xfe])));
  });

  test('has an id that cannot move the borders of the signed text', () => {
    expect(() => signWebhook({ ...VECTOR, id: 'msg.1' }, [key(VECTOR.secret)])).toThrow('letters, digits');
  });
});

describe('what others signed', () => {
  const secret = generateSigningKey('hmac');
  const keys = [verifyingKeyOf(key(secret))];

  test('is accepted where their library made it', () => {
    const timestamp = nowSeconds();
    for (const library of [new StandardWebhook(secret), new SvixWebhook(secret)]) {
      const signature = library.sign('msg_2', at(timestamp), BODY.toString());
      const headers = { 'webhook-id': 'msg_2', 'webhook-timestamp': String(timestamp), 'webhook-signature': signature };
      expect(verifyWebhook(headers, BODY, { keys, now: new Date() })).toEqual({ ok: true, id: 'msg_2', timestamp });
      const old = { 'svix-id': 'msg_2', 'svix-timestamp': String(timestamp), 'svix-signature': signature };
      expect(verifyWebhook(old, BODY, { keys, now: new Date() }).ok).toBe(true);
    }
  });

  test('is accepted where it is the published ed25519 vector', () => {
    const parsed = parseVerifyingKey(VECTOR.publicKey);
    if (!parsed.ok) throw new Error(parsed.message);
    const headers = { 'webhook-id': VECTOR.id, 'webhook-timestamp': '1614265330', 'webhook-signature': VECTOR.v1a };
    expect(verifyWebhook(headers, VECTOR.body, { keys: [parsed.key], now: at(VECTOR.timestamp) }).ok).toBe(true);
    expect(verifyWebhook(headers, BODY, { keys: [parsed.key], now: at(VECTOR.timestamp) })).toMatchObject({
      code: 'no_match',
    });
  });

  // The case list that the specification's libraries share.
  const good = signWebhook({ id: 'msg_3', timestamp: 1_800_000_000, body: BODY }, [key(secret)]);
  const cases: [string, Record<string, string | undefined>, string][] = [
    ['without an id', { 'webhook-id': undefined }, 'header_missing'],
    ['without a timestamp', { 'webhook-timestamp': undefined }, 'header_missing'],
    ['without a signature', { 'webhook-signature': undefined }, 'header_missing'],
    ['with an empty signature', { 'webhook-signature': '' }, 'header_missing'],
    ['with a timestamp that is no number', { 'webhook-timestamp': 'hello' }, 'header_invalid'],
    ['with a timestamp with a sign', { 'webhook-timestamp': '-5' }, 'header_invalid'],
    ['with an id that holds a full stop', { 'webhook-id': 'msg.3' }, 'header_invalid'],
    ['with a signature that is not one', { 'webhook-signature': 'v1,dawfeoifkpqwoekfpqoekf' }, 'no_match'],
    ['with half of the signature', { 'webhook-signature': good['webhook-signature'].slice(0, 20) }, 'no_match'],
    ['with the bare version', { 'webhook-signature': 'v1,' }, 'no_match'],
    [
      'with only a version we do not know',
      { 'webhook-signature': good['webhook-signature'].replace('v1', 'v9') },
      'no_match',
    ],
    [
      'with a shared-secret signature passed off as ed25519',
      { 'webhook-signature': good['webhook-signature'].replace('v1', 'v1a') },
      'no_match',
    ],
  ];
  test.each(cases)('is refused %s', (_name, change, code) => {
    const result = verifyWebhook({ ...good, ...change }, BODY, { keys, now: at(1_800_000_000) });
    expect(result).toMatchObject({ ok: false, code });
  });

  test('is accepted up to five minutes early or late, by whichever clock, and not a second more', () => {
    const check = (seconds: number) => verifyWebhook(good, BODY, { keys, now: at(1_800_000_000 + seconds) });
    expect([check(300).ok, check(-300).ok]).toEqual([true, true]);
    expect(check(301)).toMatchObject({ code: 'too_old' });
    expect(check(-301)).toMatchObject({ code: 'too_new' });
  });

  test('is accepted by one good signature among foreign and bad ones', () => {
    const signature = `v1,${createHmac('sha256', 'other').digest('base64')} v9,x ${good['webhook-signature']}`;
    const headers = { ...good, 'webhook-signature': signature };
    expect(verifyWebhook(headers, BODY, { keys, now: at(1_800_000_000) }).ok).toBe(true);
  });

  test('is told apart from the same message with an empty body', () => {
    const empty = signWebhook({ id: 'msg_4', timestamp: 1_800_000_000, body: new Uint8Array() }, [key(secret)]);
    expect(verifyWebhook(empty, new Uint8Array(), { keys, now: at(1_800_000_000) }).ok).toBe(true);
    expect(verifyWebhook(empty, BODY, { keys, now: at(1_800_000_000) }).ok).toBe(false);
  });
});

describe('a key', () => {
  const refused: [string, string, string][] = [
    ['of too few bytes', `whsec_${Buffer.alloc(23).toString('base64')}`, '24 to 64 bytes'],
    ['of too many bytes', `whsec_${Buffer.alloc(65).toString('base64')}`, '24 to 64 bytes'],
    ['that is not base64', 'whsec_not base64!', 'not base64'],
    ['that is empty', '', 'not base64'],
    ['that is public, for signing', VECTOR.publicKey, 'public key'],
    ['whose halves do not belong together', `whsk_${Buffer.alloc(64, 7).toString('base64')}`, 'do not belong together'],
    ['of a length no ed25519 key has', `whsk_${Buffer.alloc(40).toString('base64')}`, '32 or 64 bytes'],
  ];
  test.each(refused)('%s is refused with what to do', (_name, text, message) => {
    expect(parseSigningKey(text)).toMatchObject({ ok: false, message: expect.stringContaining(message) });
  });

  test('of ours is new each time and works in both roles', () => {
    for (const kind of ['hmac', 'ed25519'] as const) {
      const [one, other] = [generateSigningKey(kind), generateSigningKey(kind)];
      expect(one).not.toBe(other);
      const headers = signWebhook(VECTOR, [key(one)]);
      const check = (text: string) =>
        verifyWebhook(headers, VECTOR.body, { keys: [verifyingKeyOf(key(text))], now: at(VECTOR.timestamp) }).ok;
      expect([check(one), check(other)]).toEqual([true, false]);
    }
  });
});
