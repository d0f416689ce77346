import { randomUUID } from 'node:crypto';

import { findInboundEndpoint, keepInboundEvent, keepUnclaimedEvent } from '../../db/inbound.ts';
import { withoutTenant } from '../../db/without-tenant.ts';
import { inboundTokenHash } from './inbound-token.ts';
import { keptHeaders, type InboundRequest, type ReceiveDependencies } from './receive-inbound.ts';

/** A request that was refused before its body was looked at. */
export interface RefusedRequest {
  /** The unguessable part of the address; null: the platform's own address for Stripe. */
  readonly token: string | null;
  readonly headers: InboundRequest['headers'];
  /** Null where it was not read: it is too large to keep. */
  readonly rawBody: Buffer | null;
}

/** Keeps that a request came and why nothing was done with it, among what could not be verified. */
export async function refuseInbound(
  { database }: Pick<ReceiveDependencies, 'database'>,
  { token, headers, rawBody }: RefusedRequest,
  problem: string,
): Promise<void> {
  const event = {
    externalId: `refused:${randomUUID()}`,
    eventType: '',
    payload: null,
    rawBody,
    headers: keptHeaders(headers),
    verified: false,
    problem,
  };
  if (token === null) {
    await withoutTenant(database, (trx) => keepUnclaimedEvent(trx, { ...event, account: null, isLive: true }));
    return;
  }
  const tokenHash = inboundTokenHash(token);
  if (tokenHash === null) return;
  await withoutTenant(database, async (trx) => {
    const endpoint = await findInboundEndpoint(trx, tokenHash);
    if (endpoint === null) return;
    const source = endpoint.provider === 'stripe' ? 'stripe' : 'custom';
    await keepInboundEvent(trx, { ...event, endpointId: endpoint.id, source });
  });
}
