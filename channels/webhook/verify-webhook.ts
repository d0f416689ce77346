import { createHmac, timingSafeEqual, verify } from 'node:crypto';
import { signedBytes, WEBHOOK_ID } from './sign-webhook.ts';
import type { VerifyingKey } from './signing-key.ts';

export type Verification =
  | { ok: true; id: string; timestamp: number }
  | { ok: false; code: 'header_missing' | 'header_invalid' | 'too_old' | 'too_new' | 'no_match'; message: string };

export type VerifyOptions = {
  keys: readonly VerifyingKey[];
  now: Date;
  /** How far the sender's clock may be from ours, both ways. Default 300, as in the specification's libraries. */
  toleranceSeconds?: number;
};

/** Header values by lower-case name; `svix-*` names are read too, since many senders still use them. */
export type WebhookHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Checks a message signed by Standard Webhooks 1.0.0 over its exact bytes. Signatures of versions we do not know are
 * passed over; one good signature by any of the keys is enough.
 */
export function verifyWebhook(headers: WebhookHeaders, body: Uint8Array, options: VerifyOptions): Verification {
  const id = headerOf(headers, 'id');
  const timestampText = headerOf(headers, 'timestamp');
  const signatures = headerOf(headers, 'signature');
  if (id === null || timestampText === null || signatures === null) {
    const missing = [id === null && 'id', timestampText === null && 'timestamp', signatures === null && 'signature'];
    const names = missing.filter((name) => name !== false).map((name) => `webhook-${name}`);
    return fail('header_missing', `The request has no ${names.join(', ')} header, so its sender cannot be told.`);
  }
  if (!WEBHOOK_ID.test(id)) return fail('header_invalid', 'The webhook-id holds characters an id may not have.');
  if (!/^\d{1,12}$/.test(timestampText)) return fail('header_invalid', 'The webhook-timestamp is not unix seconds.');
  const timestamp = Number(timestampText);
  const tolerance = options.toleranceSeconds ?? 300;
  const age = Math.floor(options.now.getTime() / 1000) - timestamp;
  if (age > tolerance) return fail('too_old', `The message was signed ${age} seconds ago; ${tolerance} are allowed.`);
  if (-age > tolerance)
    return fail('too_new', `The message is signed ${-age} seconds in the future; check the clocks.`);
  const signed = signedBytes({ id, timestamp, body });
  const good = signatures.split(' ').some((entry) => options.keys.some((key) => matches(entry, signed, key)));
  return good
    ? { ok: true, id, timestamp }
    : fail('no_match', 'No signature fits the body: another secret, or the body was changed on its way.');
}

function matches(entry: string, signed: Buffer, key: VerifyingKey): boolean {
  const comma = entry.indexOf(',');
  const version = entry.slice(0, comma);
  const given = Buffer.from(entry.slice(comma + 1), 'base64');
  if (key.kind === 'hmac') {
    if (version !== 'v1') return false;
    const expected = createHmac('sha256', key.secret).update(signed).digest();
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
  return version === 'v1a' && given.length === 64 && verify(null, signed, key.publicKey, given);
}

function headerOf(headers: WebhookHeaders, name: string): string | null {
  const value = headers[`webhook-${name}`] ?? headers[`svix-${name}`];
  const single = Array.isArray(value) ? value.join(' ') : value;
  return single === undefined || single === '' ? null : single;
}

function fail(code: Extract<Verification, { ok: false }>['code'], message: string): Verification {
  return { ok: false, code, message };
}
