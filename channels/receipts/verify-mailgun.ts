import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { readJson } from './read-json.ts';
import { forged, GENUINE, TIME_TOLERANCE_MS, type Verdict } from './verdict.ts';

const signedSchema = z.object({
  signature: z.object({
    timestamp: z.string(),
    token: z.string().min(20),
    signature: z.string().regex(/^[0-9a-f]{64}$/),
  }),
});

/**
 * Checks a request of Mailgun's. Its signature covers a time and a token but not the body, so whoever has seen one
 * request could sign another: the token must be new, which the caller keeps track of.
 *
 * @returns with `token`, which must be remembered and refused when it comes again
 */
export function verifyMailgun(body: string, signingKey: string, now: Date): Verdict & { token?: string } {
  const parsed = signedSchema.safeParse(readJson(body));
  if (!parsed.success) return forged('The request is not signed.');
  const { timestamp, token, signature } = parsed.data.signature;
  if (!(Math.abs(Number(timestamp) * 1_000 - now.getTime()) <= TIME_TOLERANCE_MS)) {
    return forged('The signature is too old or from the future.');
  }
  const expected = createHmac('sha256', signingKey).update(`${timestamp}${token}`).digest();
  if (!timingSafeEqual(expected, Buffer.from(signature, 'hex')))
    return forged('The signature is not made with our key.');
  return { ...GENUINE, token };
}
