import { validateRequest } from 'twilio/lib/webhooks/webhooks.js';
import { forged, GENUINE, type Verdict } from './verdict.ts';

/**
 * Checks a call of Twilio's by the SDK's own validator. The scheme has no time in it, so the same call may be played
 * again later: only the de-duplication of events stops that.
 *
 * @param url the address as Twilio called it, from our settings and never from the Host header
 * @param authTokens the account's token, and during a change the new one too
 */
export function verifyTwilio(
  signature: string | undefined,
  url: string,
  form: Record<string, string>,
  authTokens: readonly string[],
): Verdict {
  if (signature === undefined || signature === '') return forged('There is no X-Twilio-Signature.');
  const genuine = authTokens.some((token) => validateRequest(token, signature, url, form));
  return genuine ? GENUINE : forged('The X-Twilio-Signature is not of this account, address and content.');
}
