import { randomUUID } from 'node:crypto';

import { verifyStripe } from '../../channels/intake/verify-stripe.ts';
import { stripeEventSchema, type StripeEvent } from '../../channels/intake/stripe-event.ts';
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

export type PlatformStripeRequest = Omit<InboundRequest, 'token'>;

/**
 * Takes in an event from the platform's one Stripe address: signed with the platform's secret, and the connected
 * account that it names says whose it is. What is nobody's, or cannot be read, is kept too, with the reason: it is
 * processed once the account is connected.
 */
export async function receivePlatformStripe(
  { database, now }: Pick<ReceiveDependencies, 'database' | 'now'>,
  secrets: readonly string[],
  request: PlatformStripeRequest,
): Promise<Reception> {
  const judged = judgePlatformStripe(secrets, request, now());
  if (judged.ok) return takePlatformStripe(database, request, judged);
  await keepBad(database, request, judged.message, judged.code === 'not_json');
  return judged;
}

type Judged =
  | { readonly ok: true; readonly event: StripeEvent; readonly payload: unknown }
  | Extract<Reception, { ok: false }>;

/** Whether Stripe signed it with one of these secrets, and it is an event; nothing is written. */
export function judgePlatformStripe(
  secrets: readonly string[],
  { headers, rawBody }: PlatformStripeRequest,
  now: Date,
): Judged {
  const verification = verifyStripe(rawBody, headers['stripe-signature'], { secrets, now });
  if (!verification.ok) return { ok: false, code: 'not_verified', message: verification.message };
  const parsed = parseBody(rawBody, headers['content-type']);
  const event = stripeEventSchema.safeParse(parsed.ok ? parsed.json : null);
  if (!parsed.ok || !event.success)
    return { ok: false, code: 'not_json', message: 'This is not an event as Stripe describes it.' };
  return { ok: true, event: event.data, payload: parsed.json };
}

/** Keeps what was believed: for the organization that has connected its account, or until one has. */
export async function takePlatformStripe(
  database: Database,
  request: PlatformStripeRequest,
  { event, payload }: Extract<Judged, { ok: true }>,
): Promise<Reception> {
  const { account, livemode, id, type } = event;
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
      payload,
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

async function keepBad(
  database: Database,
  { headers, rawBody }: PlatformStripeRequest,
  problem: string,
  verified: boolean,
) {
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
