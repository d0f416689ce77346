import { sql } from 'kysely';

import { hmacSignatureSchema, tokenSignatureSchema } from '../../channels/intake/verify-sender.ts';
import { sealSecret, type SealingKeys } from '../../channels/webhook/sealed-secret.ts';
import type { InboundProvider } from '../../db/inbound.ts';
import type { Trx } from '../../db/tenant.ts';
import { createInboundToken, inboundTokenHash } from './inbound-token.ts';

export interface NewInboundEndpoint {
  readonly name: string;
  readonly provider: InboundProvider;
  /** As the sender shows them; the current one first. */
  readonly secrets: readonly string[];
  readonly isLive?: boolean;
  /** The connected Stripe account. */
  readonly accountRef?: string;
  /** For `hmac` and `token`: where the signature is. */
  readonly signature?: unknown;
  /** What an event means; channels/intake/mapping.ts. */
  readonly mapping?: unknown;
}

/**
 * Opens an address of the organization for another program.
 *
 * @returns its id and the unguessable part of its address, which is not kept and cannot be shown again
 */
export async function createInboundEndpoint(
  trx: Trx,
  organizationId: string,
  endpoint: NewInboundEndpoint,
  sealingKeys: SealingKeys,
): Promise<{ id: string; token: string }> {
  const token = createInboundToken();
  const secrets = endpoint.secrets.map((secret) => sealSecret(secret, organizationId, sealingKeys));
  const { rows } = await sql<{ id: string }>`
    insert into app.inbound_endpoints (name, provider, token_hash, account_ref, is_live, secrets, signature, mapping)
    values (${endpoint.name}, ${endpoint.provider}, ${inboundTokenHash(token)}, ${endpoint.accountRef ?? null},
      ${endpoint.isLive ?? true}, ${secrets}::bytea[], ${JSON.stringify(signatureOf(endpoint))}::jsonb,
      ${endpoint.mapping === undefined ? null : JSON.stringify(endpoint.mapping)}::jsonb)
    returning id
  `.execute(trx);
  return { id: rows[0]?.id ?? '', token };
}

function signatureOf({ provider, signature }: NewInboundEndpoint): unknown {
  if (provider === 'hmac') return hmacSignatureSchema.parse(signature);
  return provider === 'token' ? tokenSignatureSchema.parse(signature ?? {}) : {};
}
