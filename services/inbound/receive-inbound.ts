import { createHash, randomUUID } from 'node:crypto';

import { verifyStripe } from '../../channels/intake/verify-stripe.ts';
import { hmacSignatureSchema, verifySender } from '../../channels/intake/verify-sender.ts';
import { openSecret, type SealingKeys } from '../../channels/webhook/sealed-secret.ts';
import type { Database } from '../../db/database.ts';
import { findInboundEndpoint, keepInboundEvent, type InboundEndpoint } from '../../db/inbound.ts';
import { withoutTenant } from '../../db/without-tenant.ts';
import { inboundTokenHash } from './inbound-token.ts';

export interface InboundRequest {
  /** The unguessable part of the address. */
  readonly token: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly rawBody: Buffer;
}

export type Reception =
  /** Kept; `isNew` is false where the same event was kept before. */
  | { ok: true; isNew: boolean; eventId: string | null }
  | { ok: false; code: 'unknown_address' | 'not_verified' | 'not_json'; message: string };

export interface ReceiveDependencies {
  /** Opened as app_api. */
  readonly database: Database;
  readonly sealingKeys: SealingKeys;
  readonly now: () => Date;
}

/**
 * Takes in one request of another program: whose it is by its address, verified over the exact bytes, kept, and nothing
 * else; what it means is found out afterwards by whoever processes it. Bad ones are kept too, with the reason.
 */
export async function receiveInbound(dependencies: ReceiveDependencies, request: InboundRequest): Promise<Reception> {
  const { database, now } = dependencies;
  const tokenHash = inboundTokenHash(request.token);
  const endpoint =
    tokenHash === null ? null : await withoutTenant(database, (trx) => findInboundEndpoint(trx, tokenHash));
  if (endpoint === null) {
    const message = 'There is no such address, or it was switched off. Copy it again from the settings.';
    return { ok: false, code: 'unknown_address', message };
  }
  const verification = verifyInbound(endpoint, request, dependencies.sealingKeys, now());
  return keepVerified(database, endpoint, request, verification);
}

/** Verified or not, an event is kept; answers what the sender is told. */
export async function keepVerified(
  database: Database,
  { id: endpointId, provider, signature }: Pick<InboundEndpoint, 'id' | 'provider' | 'signature'>,
  { headers, rawBody }: Omit<InboundRequest, 'token'>,
  verification: SenderVerification,
): Promise<Reception> {
  const parsed = parseBody(rawBody, headers['content-type']);
  const problem = verification.ok ? (parsed.ok ? null : NOT_JSON) : verification.message;
  const payload = parsed.ok ? parsed.json : null;
  // An id in a body that nobody vouches for must not take the place of the real event of that id.
  const externalId = problem === null ? idOf(provider, payload, verification, rawBody) : `refused:${randomUUID()}`;
  const eventId = await withoutTenant(database, (trx) =>
    keepInboundEvent(trx, {
      endpointId,
      source: provider === 'stripe' ? 'stripe' : 'custom',
      externalId,
      eventType: typeOf(payload),
      payload,
      rawBody,
      headers: keptHeaders(headers, provider === 'hmac' ? signedHeaders(signature) : []),
      verified: verification.ok,
      problem,
    }),
  );
  if (!verification.ok) return { ok: false, code: 'not_verified', message: verification.message };
  if (!parsed.ok) return { ok: false, code: 'not_json', message: NOT_JSON };
  return { ok: true, isNew: eventId !== null, eventId };
}

const NOT_JSON = 'The body is neither JSON nor a form. Send application/json.';

export type SenderVerification = { ok: true; id: string | null } | { ok: false; message: string };

/** Checks who sent a request, by the way its address asks for. */
export function verifyInbound(
  endpoint: InboundEndpoint,
  { headers, rawBody }: Pick<InboundRequest, 'headers' | 'rawBody'>,
  sealingKeys: SealingKeys,
  now: Date,
): SenderVerification {
  const secrets = endpoint.secrets.map((sealed) => openSecret(sealed, endpoint.organizationId, sealingKeys));
  if (endpoint.provider !== 'stripe') {
    return verifySender(endpoint.provider, endpoint.signature, { headers, rawBody, secrets, now });
  }
  const result = verifyStripe(rawBody, headers['stripe-signature'], { secrets, now });
  return result.ok ? { ok: true, id: null } : result;
}

type Parsed = { ok: true; json: unknown } | { ok: false };

/** JSON, or a form as an object. */
export function parseBody(rawBody: Buffer, contentType: string | string[] | undefined): Parsed {
  const text = rawBody.toString('utf8');
  if (String(contentType ?? '').startsWith('application/x-www-form-urlencoded')) {
    return { ok: true, json: Object.fromEntries(new URLSearchParams(text)) };
  }
  try {
    const json: unknown = JSON.parse(text);
    return { ok: true, json };
  } catch {
    return { ok: false };
  }
}

/** By what the same event is known when it comes again. */
export function idOf(
  provider: InboundEndpoint['provider'],
  payload: unknown,
  verification: SenderVerification,
  rawBody: Buffer,
): string {
  const named = provider === 'stripe' ? fieldOf(payload, 'id') : verification.ok ? verification.id : null;
  return (named ?? `sha256:${createHash('sha256').update(rawBody).digest('hex')}`).slice(0, 300);
}

export function typeOf(payload: unknown): string {
  return (fieldOf(payload, 'type') ?? fieldOf(payload, 'event') ?? '').slice(0, 100);
}

function fieldOf(payload: unknown, name: string): string | null {
  if (typeof payload !== 'object' || payload === null) return null;
  const value: unknown = Object.getOwnPropertyDescriptor(payload, name)?.value;
  return typeof value === 'string' && value !== '' ? value : null;
}

/** For finding faults and checking signatures again; nothing that lets anybody in, such as a shared word. */
const KEPT = [
  'content-type',
  'content-length',
  'content-encoding',
  'user-agent',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
  'x-request-id',
  'stripe-signature',
];

export function keptHeaders(headers: InboundRequest['headers'], more: readonly string[] = []): Record<string, string> {
  const kept = [...KEPT, ...more].flatMap((name) =>
    headers[name] === undefined ? [] : [[name, String(headers[name]).slice(0, 1_000)]],
  );
  return Object.fromEntries(kept) as Record<string, string>;
}

function signedHeaders(signature: unknown): string[] {
  const { header, timestampHeader, idHeader } = hmacSignatureSchema.parse(signature);
  return [header, timestampHeader, idHeader].filter((name) => name !== undefined);
}
