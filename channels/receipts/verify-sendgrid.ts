import { createPublicKey, verify } from 'node:crypto';
import { forged, GENUINE, TIME_TOLERANCE_MS, type Verdict } from './verdict.ts';

/**
 * Checks a request of SendGrid's signed event webhook: ECDSA P-256 over the timestamp and the raw body.
 *
 * @param headers `X-Twilio-Email-Event-Webhook-Signature` and `-Timestamp`
 * @param publicKey as SendGrid shows it: base64 of the DER form
 */
export function verifySendGrid(
  headers: { signature: string | undefined; timestamp: string | undefined },
  body: Uint8Array,
  publicKey: string,
  now: Date,
): Verdict {
  const { signature, timestamp } = headers;
  if (signature === undefined || timestamp === undefined) return forged('The request is not signed.');
  const seconds = Number(timestamp);
  if (!(Math.abs(seconds * 1_000 - now.getTime()) <= TIME_TOLERANCE_MS))
    return forged('The signature is too old or from the future.');
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
  const signed = Buffer.concat([Buffer.from(timestamp), body]);
  return verify('sha256', signed, key, Buffer.from(signature, 'base64'))
    ? GENUINE
    : forged('The signature does not fit the request.');
}
