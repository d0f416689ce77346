import { Stripe } from 'stripe';

export type StripeVerification =
  | { ok: true; /** Which of the secrets it was signed with. */ secretIndex: number }
  | { ok: false; code: 'header_missing' | 'header_invalid' | 'too_old' | 'too_new' | 'no_match'; message: string };

export type StripeVerifyOptions = {
  /** The endpoint's signing secrets; two while one is replaced by the other. */
  secrets: readonly string[];
  now: Date;
  /** Allowed distance of Stripe's clock from ours, both ways. Default 300 seconds, Stripe's own. */
  toleranceSeconds?: number;
};

/**
 * Checks the `Stripe-Signature` header over the exact bytes of the body. Stripe's library bounds only the age, so that
 * a captured message with a forged clock could be kept for years; the future is bounded here.
 */
export function verifyStripe(
  rawBody: Uint8Array,
  header: string | string[] | undefined,
  options: StripeVerifyOptions,
): StripeVerification {
  if (typeof header !== 'string' || header === '') {
    return fail('header_missing', 'The request has no Stripe-Signature header, so it may not be from Stripe.');
  }
  // Exactly one: with two, the one that is judged here might not be the one that was signed.
  const times = header.split(',').flatMap((part) => /^\s*t=(.*)$/.exec(part)?.[1] ?? []);
  const [time = ''] = times;
  if (times.length !== 1 || !/^\d{1,12}$/.test(time)) {
    return fail('header_invalid', 'The Stripe-Signature header does not hold one time.');
  }
  const timestamp = Number(time);
  const tolerance = options.toleranceSeconds ?? 300;
  const ahead = timestamp - options.now.getTime() / 1000;
  if (ahead > tolerance) {
    return fail('too_new', `The message is signed ${Math.round(ahead)} seconds in the future; check the clocks.`);
  }
  if (-ahead > tolerance) {
    return fail('too_old', `The message was signed ${Math.round(-ahead)} seconds ago; ${tolerance} are allowed.`);
  }
  // Bytes that are no UTF-8 would be changed by decoding, and then something else would be verified than is stored.
  const payload = Buffer.from(rawBody);
  const secretIndex = options.secrets.findIndex((secret) =>
    isSignedWith(payload, header, secret, tolerance, options.now),
  );
  return secretIndex === -1
    ? fail('no_match', 'No signature fits the body: another endpoint’s secret, or the body was changed on its way.')
    : { ok: true, secretIndex };
}

function isSignedWith(payload: Buffer, header: string, secret: string, tolerance: number, now: Date): boolean {
  try {
    Stripe.webhooks.constructEvent(payload, header, secret, tolerance, undefined, now.getTime());
    return true;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false;
    // Signed well, and then no JSON: that is for the parser to say.
    return error instanceof SyntaxError;
  }
}

function fail(code: Extract<StripeVerification, { ok: false }>['code'], message: string): StripeVerification {
  return { ok: false, code, message };
}
