import type { Payload, PayloadCodec } from '@temporalio/common';

const isPayload = (value: object): value is Payload =>
  'metadata' in value && 'data' in value && value.data instanceof Uint8Array;

/** Every payload within a message of Temporal's: inputs, results, summaries, details, failures, memo, markers. */
export function payloadsIn(message: unknown): Payload[] {
  if (typeof message !== 'object' || message === null || message instanceof Uint8Array) return [];
  if (isPayload(message)) return [message];
  return Object.values(message).flatMap(payloadsIn);
}

/** The same, decrypted. */
export const clearPayloads = (message: unknown, codec: PayloadCodec): Promise<Payload[]> =>
  codec.decode(payloadsIn(message));

/** Whether a payload went through the codec, which is to say that Temporal cannot read it. */
export const isEncrypted = ({ metadata }: Payload): boolean =>
  Buffer.from(metadata?.['encoding'] ?? []).toString('utf8') === 'binary/encrypted';
