import { verifyStripe } from '../../channels/intake/verify-stripe.ts';
import { stripeEventSchema } from '../../channels/intake/stripe-event.ts';
import { findStripeAccount } from '../../db/inbound.ts';
import { withoutTenant } from '../../db/without-tenant.ts';
import { keepVerified, type InboundRequest, type ReceiveDependencies, type Reception } from './receive-inbound.ts';

/**
 * Takes in an event from the platform's one Stripe address: signed with the platform's secret, and the connected
 * account that it names says whose it is.
 */
export async function receivePlatformStripe(
  { database, now }: ReceiveDependencies,
  secrets: readonly string[],
  request: Omit<InboundRequest, 'token'>,
): Promise<Reception> {
  const verification = verifyStripe(request.rawBody, request.headers['stripe-signature'], { secrets, now: now() });
  if (!verification.ok) return { ok: false, code: 'not_verified', message: verification.message };
  const event = parse(request.rawBody);
  if (event === null) return { ok: false, code: 'not_json', message: 'This is not an event as Stripe describes it.' };
  const { account, livemode } = event;
  const endpoint =
    typeof account === 'string'
      ? await withoutTenant(database, (trx) => findStripeAccount(trx, account, livemode))
      : null;
  if (endpoint === null) {
    // A 2xx would make Stripe forget it; a 4xx shows in its dashboard that an account is not connected here.
    const message = 'No organization has connected this Stripe account, in this mode.';
    return { ok: false, code: 'unknown_address', message };
  }
  return keepVerified(database, endpoint.id, 'stripe', request, { ok: true, id: null });
}

function parse(rawBody: Buffer) {
  try {
    const parsed = stripeEventSchema.safeParse(JSON.parse(rawBody.toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
