import { createHash, timingSafeEqual } from 'node:crypto';
import { forged, GENUINE, type Verdict } from './verdict.ts';

/**
 * Checks the name and password of a request. Postmark signs nothing; it can only be given these to send along.
 *
 * @param authorization the header's value
 */
export function verifyBasic(authorization: string | undefined, user: string, password: string): Verdict {
  const expected = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  // Hashes have one length, so the comparison takes the same time whatever was sent.
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(authorization ?? ''), digest(expected))
    ? GENUINE
    : forged('The name or password is not ours.');
}
