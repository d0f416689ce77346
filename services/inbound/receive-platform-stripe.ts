import { randomUUID } from 'node:crypto';

import { verifyStripe } from '../../channels/intake/verify-stripe.ts';
import { stripeEventSchema } from '../../channels/intake/stripe-event.ts';
import type { Database } from '../../db/database.ts';
import { findStripeAccount, keepUnclaimedEvent } from '../../db/inbound.ts';
import { withoutTenant } from '../../db/without-tenant.ts';
import {
  keepVerified,
  keptHeaders,
  parseBody,
  type InboundRequest,
  type ReceiveDependencies,
  type Reception,
} from './receive-inbound.ts';

type Request = Omit<InboundRequest, 'token'>;

/**
 * Takes in an event from the platform's one Stripe address: signed with the platform's secret, and the connected
 * account that it names says whose it is. What is nobody's, or cannot be read, is kept too, with the reason: it is
 * processed once the account is connected.
 */
export async function receivePlatformStripe(
  { database, now }: Pick<ReceiveDependencies, 'database' | 'now'>,
  secrets: readonly string[],
  request: Request,
): Promise<Reception> {
  const verification = verifyStripe(request.rawBody, request.headers['stripe-signature'], { secrets, now: now() });
  if (!verification.ok) {
    await keepBad(database, request, verification.message, false);
    return { ok: false, code: 'not_verified', message: verification.message };
  }
  const parsed = parseBody(request.rawBody, request.headers['content-type']);
  const event = stripeEventSchema.safeParse(parsed.ok ? parsed.json : null);
  if (!event.success) {
    const message = 'This is not an event as Stripe describes it.';
    await keepBad(database, request, message, true);
    return { ok: false, code: 'not_json', message };
  }
  const { account, livemode, id, type } = event.data;
  const connected = typeof account === 'string' ? account : null;
  const endpoint =
    connected === null ? null : await withoutTenant(database, (trx) => findStripeAccount(trx, connected, livemode));
  if (endpoint !== null) {
    const stripe = { id: endpoint.id, provider: 'stripe', signature: {} } as const;
    return keepVerified(database, stripe, request, { ok: true, id: null });
  }
  // A 2xx would make Stripe forget it; a 4xx shows in its dashboard that an account is not connected here.
  const message = 'No organization has connected this Stripe account, in this mode.';
  await withoutTenant(database, (trx) =>
    keepUnclaimedEvent(trx, {
      externalId: id,
      eventType: type,
      payload: parsed.ok ? parsed.json : null,
      rawBody: request.rawBody,
      headers: keptHeaders(request.headers),
      verified: true,
      account: connected,
      isLive: livemode,
      problem: message,
    }),
  );
  return { ok: false, code: 'unknown_address', message };
}

async function keepBad(database: Database, { headers, rawBody }: Request, problem: string, verified: boolean) {
  const parsed = parseBody(rawBody, headers['content-type']);
  await withoutTenant(database, (trx) =>
    keepUnclaimedEvent(trx, {
      // An id that nobody vouches for must not take the place of the real event of that id.
      externalId: `refused:${randomUUID()}`,
      eventType: '',
      payload: parsed.ok ? parsed.json : null,
      rawBody,
      headers: keptHeaders(headers),
      verified,
      account: null,
      isLive: true,
      problem,
    }),
  );
}
