import { sealSecret, type SealingKeys } from '../../channels/webhook/sealed-secret.ts';
import { changeInboundEndpoint as write } from '../../db/inbound-desk.ts';
import type { InboundEndpoint } from '../../db/inbound.ts';
import type { Trx } from '../../db/tenant.ts';
import { createInboundToken, inboundTokenHash } from './inbound-token.ts';

export interface EndpointChange {
  /** As the sender shows them, instead of those there are. */
  readonly secrets?: readonly string[] | undefined;
  /** Beside those there are, while one replaces the other. */
  readonly addSecret?: string | undefined;
  readonly mapping?: unknown;
  readonly isActive?: boolean | undefined;
  /** Another address: the old one is closed at once. */
  readonly renew?: boolean | undefined;
}

/** How many secrets are good at once. */
const MOST_SECRETS = 5;

/** Changes an address. Answers with the new unguessable part where it was renewed; it is not kept. */
export async function changeInboundEndpoint(
  trx: Trx,
  endpoint: InboundEndpoint,
  change: EndpointChange,
  sealingKeys: SealingKeys,
): Promise<{ token: string | null }> {
  const seal = (secret: string): Buffer => sealSecret(secret, endpoint.organizationId, sealingKeys);
  const replaced = change.secrets?.map(seal) ?? endpoint.secrets;
  // The newest first; the oldest makes room.
  const secrets = change.addSecret === undefined ? replaced : [seal(change.addSecret), ...replaced];
  const token = change.renew === true ? createInboundToken() : null;
  await write(trx, endpoint.id, {
    secrets: secrets.slice(0, MOST_SECRETS),
    mapping: change.mapping,
    isActive: change.isActive,
    tokenHash: token === null ? undefined : (inboundTokenHash(token) ?? undefined),
  });
  return { token };
}
