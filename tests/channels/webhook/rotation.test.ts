import { Webhook as StandardWebhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { liveKeys, retireKeys, type KeyLife } from '../../../channels/webhook/rotate-keys.ts';
import { signWebhook } from '../../../channels/webhook/sign-webhook.ts';
import { generateSigningKey, parseSigningKey } from '../../../channels/webhook/signing-key.ts';

const HOUR = 3_600_000;
const NOW = new Date('2026-11-20T10:00:00Z');
const hours = (count: number): Date => new Date(NOW.getTime() + count * HOUR);
const life = (id: string, createdAt: Date, expiresAt: Date | null = null): KeyLife => ({ id, createdAt, expiresAt });
const ids = (keys: readonly KeyLife[]): string[] => keys.map((key) => key.id);

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

test('the old key ends a day after the rotation, and the new one signs first until then and alone afterwards', () => {
  const old = retireKeys([life('old', hours(-100))], NOW);
  expect(old).toEqual([life('old', hours(-100), hours(24))]);
  const both = [...old, life('new', NOW)];
  expect(ids(liveKeys(both, hours(23)))).toEqual(['new', 'old']);
  expect(ids(liveKeys(both, hours(24)))).toEqual(['new']);
});

test('a leaked key can be ended at once, and none is kept beside the new one for more than a week', () => {
  expect(retireKeys([life('old', hours(-1))], NOW, 0)).toEqual([life('old', hours(-1), NOW)]);
  expect(() => retireKeys([life('old', hours(-1))], NOW, 7 * 24 * HOUR + 1)).toThrow('seven days');
});

test('rotating again and again never leaves more than three keys, nor lengthens the life of an old one', () => {
  const keys = [life('a', hours(-3), hours(5)), life('b', hours(-2), hours(6)), life('c', hours(-1))];
  const retired = retireKeys(keys, NOW);
  expect(retired).toEqual([life('c', hours(-1), hours(24)), life('b', hours(-2), hours(6)), life('a', hours(-3), NOW)]);
  expect(ids(liveKeys([...retired, life('d', NOW)], NOW))).toEqual(['d', 'c', 'b']);
});
