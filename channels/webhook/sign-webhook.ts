import { createHmac, sign } from 'node:crypto';
import type { SigningKey } from './signing-key.ts';

/** What is signed: the id, the second of the attempt and the exact bytes of the body. */
export type SignedContent = {
  /** The same over all attempts: the receiver's idempotency key. Letters, digits, `_` and `-`; never a full stop. */
  id: string;
  /** Unix seconds of this attempt. */
  timestamp: number;
  body: Uint8Array;
};

export type SignatureHeaders = {
  'webhook-id': string;
  'webhook-timestamp': string;
  'webhook-signature': string;
};

/** Ids are free of full stops, because the signed text is joined by them (Standard Webhooks 1.0.0, "Signature scheme"). */
export const WEBHOOK_ID = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * The three headers of Standard Webhooks 1.0.0. Every key signs, newest first, so that a receiver which has either the
 * old or the new one accepts the message while keys are rotated.
 */
export function signWebhook(content: SignedContent, keys: readonly SigningKey[]): SignatureHeaders {
  if (!WEBHOOK_ID.test(content.id)) throw new Error('A webhook id consists of letters, digits, _ and - only.');
  if (!Number.isSafeInteger(content.timestamp)) throw new Error('A webhook timestamp is a whole number of seconds.');
  if (keys.length === 0) throw new Error('A webhook needs at least one key to be signed with.');
  const signed = signedBytes(content);
  return {
    'webhook-id': content.id,
    'webhook-timestamp': String(content.timestamp),
    'webhook-signature': keys.map((key) => signatureOf(signed, key)).join(' '),
  };
}

/** The bytes under the signature. The body is taken as it is: decoding and encoding it again could change it. */
export function signedBytes({ id, timestamp, body }: SignedContent): Buffer {
  return Buffer.concat([Buffer.from(`${id}.${timestamp}.`, 'utf8'), body]);
}

function signatureOf(signed: Buffer, key: SigningKey): string {
  if (key.kind === 'hmac') return `v1,${createHmac('sha256', key.secret).update(signed).digest('base64')}`;
  return `v1a,${sign(null, signed, key.privateKey).toString('base64')}`;
}
