import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';

import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';

import type { KeyRing } from './key-ring.ts';

const ENCODING = 'binary/encrypted';
const IV_BYTES = 12;
const TAG_BYTES = 16;
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/**
 * Encrypts every payload with AES-256-GCM before it leaves the process: `iv | ciphertext | tag`, the id of the key in
 * the payload's metadata. What was written with a key that is no longer on the ring cannot be read: that is how data of
 * a lost key ends.
 */
export function createPayloadCodec(ring: KeyRing): PayloadCodec {
  // Made once: bytes would be made a key for each payload again, at three times the cost of the encryption.
  const keys = new Map([...ring.keys].map(([id, key]) => [id, createSecretKey(key)]));
  const currentKey = createSecretKey(ring.current.key);
  const encrypt = (payload: Payload): Payload => {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', currentKey, iv);
    const data = Buffer.concat([iv, cipher.update(PayloadMessage.encode(payload).finish()), cipher.final()]);
    return {
      metadata: { encoding: text(ENCODING), 'encryption-key-id': text(ring.current.id) },
      data: Buffer.concat([data, cipher.getAuthTag()]),
    };
  };
  const decrypt = (payload: Payload): Payload => {
    if (new TextDecoder().decode(payload.metadata?.['encoding'] ?? new Uint8Array()) !== ENCODING) return payload;
    const id = new TextDecoder().decode(payload.metadata?.['encryption-key-id'] ?? new Uint8Array());
    const key = keys.get(id);
    if (key === undefined) throw new Error(`The payload was encrypted with key "${id}", which is not on the key ring.`);
    const data = Buffer.from(payload.data ?? new Uint8Array());
    const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, IV_BYTES));
    decipher.setAuthTag(data.subarray(data.length - TAG_BYTES));
    const plain = Buffer.concat([decipher.update(data.subarray(IV_BYTES, data.length - TAG_BYTES)), decipher.final()]);
    return PayloadMessage.decode(plain);
  };
  return {
    encode: async (payloads) => payloads.map(encrypt),
    decode: async (payloads) => payloads.map(decrypt),
  };
}
