import { Webhook as StandardWebhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { liveSecrets, OVERLAP, rotateSecret } from '../../../channels/webhook/rotate-keys.ts';
import { openSecret, sealSecret } from '../../../channels/webhook/sealed-secret.ts';
import { signWebhook } from '../../../channels/webhook/sign-webhook.ts';
import { generateSigningKey, parseSigningKey } from '../../../channels/webhook/signing-key.ts';

const HOUR = 3_600_000;
const NOW = new Date('2026-11-20T10:00:00Z');
const hours = (count: number): Date => new Date(NOW.getTime() + count * HOUR);

test('for a day after a rotation a receiver with the old secret and one with the new both accept', () => {
  const [oldSecret, newSecret] = [generateSigningKey('hmac'), generateSigningKey('hmac')];
  const keys = [newSecret, oldSecret].map((text) => {
    const parsed = parseSigningKey(text);
    if (!parsed.ok) throw new Error(parsed.message);
    return parsed.key;
  });
  const body = Buffer.from('{}');
  const headers = { ...signWebhook({ id: 'msg_1', timestamp: Math.floor(Date.now() / 1000), body }, keys) };
  expect(() => new StandardWebhook(oldSecret).verify(body, headers)).not.toThrow();
  expect(() => new StandardWebhook(newSecret).verify(body, headers)).not.toThrow();
  expect(() => new StandardWebhook(generateSigningKey('hmac')).verify(body, headers)).toThrow('No matching signature');
});

test('the old secret signs beside the new one for a day, and then the new one alone', () => {
  const rotated = rotateSecret({ current: 'old', previous: null }, 'new', NOW);
  expect(liveSecrets(rotated, NOW)).toEqual(['new', 'old']);
  expect(liveSecrets(rotated, hours(23))).toEqual(['new', 'old']);
  expect(liveSecrets(rotated, hours(24))).toEqual(['new']);
});

test('a leaked secret can be ended at once, and none is kept beside the new one for more than a week', () => {
  const secrets = { current: 'old', previous: null };
  expect(liveSecrets(rotateSecret(secrets, 'new', NOW, 0), NOW)).toEqual(['new']);
  for (const overlap of [OVERLAP.longestMs + 1, -1, Number.NaN]) {
    expect(() => rotateSecret(secrets, 'new', NOW, overlap)).toThrow('seven days');
  }
});

test('rotating again at once leaves two secrets, not three', () => {
  const once = rotateSecret({ current: 'a', previous: null }, 'b', NOW);
  expect(liveSecrets(rotateSecret(once, 'c', NOW), NOW)).toEqual(['c', 'b']);
});

test('a stored secret opens only for its owner, with a key of the ring, unchanged', () => {
  const key = (fill: number): Buffer => Buffer.alloc(32, fill);
  const ring = {
    current: { id: 'k2', key: key(2) },
    keys: new Map([
      ['k2', key(2)],
      ['k1', key(1)],
    ]),
  };
  const old = { current: { id: 'k1', key: key(1) }, keys: new Map([['k1', key(1)]]) };
  const sealed = sealSecret('whsec_x', 'organization', old);
  expect(sealed.includes('whsec_x')).toBe(false);
  expect(openSecret(sealed, 'organization', ring)).toBe('whsec_x');
  expect(() => openSecret(sealed, 'other', ring)).toThrow('authenticate');
  expect(() => openSecret(sealSecret('x', 'organization', ring), 'organization', old)).toThrow('not on the key ring');
  const changed = Buffer.from(sealed);
  changed[20] = (changed[20] ?? 0) ^ 1;
  expect(() => openSecret(changed, 'organization', ring)).toThrow('authenticate');
});
