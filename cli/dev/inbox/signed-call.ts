import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';

const TRIES = 3;
const TIMEOUT_MS = 15_000;

/**
 * Calls an address as Twilio does: a form, signed with the account's token over the whole URL and its sorted fields.
 * A call that fails is repeated up to three times; resolves with the last answer, status 0 where there was none.
 */
export async function signedCall(
  url: string,
  fields: Record<string, string>,
  authToken: string,
): Promise<{ status: number; body: string }> {
  const target = url.split('#', 1)[0] ?? url;
  let last = { status: 0, body: '' };
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    try {
      const response = await fetch(target, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-twilio-signature': getExpectedTwilioSignature(authToken, target, fields),
        },
        body: new URLSearchParams(fields),
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      last = { status: response.status, body: await response.text() };
      if (last.status < 500) return last;
    } catch {
      last = { status: 0, body: '' };
    }
  }
  return last;
}
