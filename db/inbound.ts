import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

export type InboundProvider = 'stripe' | 'standard_webhooks' | 'hmac' | 'token';

/** An address of ours as a request finds it. */
export interface InboundEndpoint {
  readonly id: string;
  readonly organizationId: string;
  readonly provider: InboundProvider;
  readonly accountRef: string | null;
  readonly isLive: boolean;
  /** Sealed. */
  readonly secrets: Buffer[];
  readonly signature: unknown;
}

/** Whose address this is, by the hash of its unguessable part. Needs no tenant. */
export async function findInboundEndpoint(trx: Trx, tokenHash: Buffer): Promise<InboundEndpoint | null> {
  const { rows } = await sql<InboundEndpoint>`
    select id, organization_id as "organizationId", provider, account_ref as "accountRef", is_live as "isLive", secrets,
      signature from app.find_inbound_endpoint(${tokenHash})
  `.execute(trx);
  return rows[0] ?? null;
}

/** The organization that has connected an account of Stripe's. Needs no tenant. */
export async function findStripeAccount(
  trx: Trx,
  account: string,
  isLive: boolean,
): Promise<{ id: string; organizationId: string } | null> {
  const { rows } = await sql<{ id: string; organizationId: string }>`
    select id, organization_id as "organizationId" from app.find_stripe_account(${account}, ${isLive})
  `.execute(trx);
  return rows[0] ?? null;
}

export interface IncomingEvent {
  readonly endpointId: string;
  readonly source: 'stripe' | 'custom';
  readonly externalId: string;
  readonly eventType: string;
  /** Null where the body is not JSON. */
  readonly payload: unknown;
  /** Null where it is too large to keep. */
  readonly rawBody: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly verified: boolean;
  /** Why it will not be processed as it is. */
  readonly problem: string | null;
}

/** Keeps an event before anything is done with it. Null: it was there already, or it is one of too many bad ones. */
export async function keepInboundEvent(trx: Trx, event: IncomingEvent): Promise<string | null> {
  const { rows } = await sql<{ id: string | null }>`
    select app.keep_inbound_event(${event.endpointId}, ${event.source}, ${event.externalId}, ${event.eventType},
      ${storable(event.payload)}::jsonb, ${event.rawBody}, ${JSON.stringify(event.headers)}::jsonb, ${event.verified},
      ${event.problem}) as id
  `.execute(trx);
  return rows[0]?.id ?? null;
}

export interface UnclaimedEvent extends Omit<IncomingEvent, 'endpointId' | 'source' | 'problem'> {
  /** The connected account that nobody has claimed; null where it is not even known. */
  readonly account: string | null;
  readonly isLive: boolean;
  readonly problem: string;
}

/** Keeps an event of the platform's Stripe address that is nobody's yet; whoever connects the account gets it. */
export async function keepUnclaimedEvent(trx: Trx, event: UnclaimedEvent): Promise<void> {
  await sql`
    select app.keep_unclaimed_event(${event.externalId}, ${event.eventType}, ${storable(event.payload)}::jsonb,
      ${event.rawBody}, ${JSON.stringify(event.headers)}::jsonb, ${event.verified}, ${event.account}, ${event.isLive},
      ${event.problem})
  `.execute(trx);
}

/** Postgres keeps no NUL in text; the exact bytes are beside it. */
export function storable(payload: unknown): string {
  return JSON.stringify(payload ?? null).replaceAll('\\u0000', '\\ufffd');
}

export interface LeasedEvent {
  readonly id: string;
  readonly organizationId: string;
}

/** Leases events that are to be processed, oldest first; done as app_relay. */
export async function leaseInboundEvents(trx: Trx, limit: number, leaseMs: number): Promise<LeasedEvent[]> {
  const { rows } = await sql<LeasedEvent>`
    with ready as (
      select id from app.webhook_events
       where (status = 'pending' or (status = 'failed' and next_retry_at <= now()))
         and endpoint_id is not null and (locked_until is null or locked_until < now())
       order by received_at limit ${limit} for update skip locked
    )
    update app.webhook_events e set locked_until = now() + make_interval(secs => ${leaseMs / 1000})
      from ready where e.id = ready.id
    returning e.id, e.organization_id as "organizationId"
  `.execute(trx);
  return rows;
}

/** An event with what is needed to process it; its row is held until the transaction ends. */
export interface OpenEvent {
  readonly id: string;
  readonly source: string;
  readonly endpointId: string | null;
  readonly externalId: string;
  readonly payload: unknown;
  readonly status: string;
  readonly retryCount: number;
  readonly receivedAt: Date;
  readonly isLive: boolean;
  readonly accountRef: string | null;
  readonly mapping: unknown;
}

export async function openInboundEvent(trx: Trx, id: string): Promise<OpenEvent | null> {
  const { rows } = await sql<OpenEvent>`
    select e.id, e.source_system as source, e.endpoint_id as "endpointId",
      substring(e.external_event_id from 38) as "externalId", e.payload, e.status, e.retry_count as "retryCount",
      e.received_at as "receivedAt", coalesce(i.is_live, true) as "isLive", i.account_ref as "accountRef", i.mapping
    from app.webhook_events e
      left join app.inbound_endpoints i on i.organization_id = e.organization_id and i.id = e.endpoint_id
    where e.id = ${id} and e.signature_verified for update of e
  `.execute(trx);
  return rows[0] ?? null;
}

/** What became of an event. `retry` comes back by itself at `at`; `failed` waits for a person or for `waitingFor`. */
export type EventEnd =
  | { kind: 'processed' }
  | { kind: 'ignored'; reason: string }
  | { kind: 'failed'; reason: string; waitingFor?: string | undefined }
  | { kind: 'retry'; reason: string; at: Date };

export async function endInboundEvent(trx: Trx, id: string, end: EventEnd): Promise<void> {
  const status = end.kind === 'retry' ? 'failed' : end.kind;
  const reason = end.kind === 'processed' ? null : end.reason.slice(0, 2_000);
  await sql`
    update app.webhook_events set status = ${status}, last_error = ${reason}, locked_until = null,
      waiting_for = ${end.kind === 'failed' ? (end.waitingFor ?? null) : null},
      next_retry_at = ${end.kind === 'retry' ? end.at : null},
      retry_count = retry_count + ${end.kind === 'retry' ? 1 : 0},
      processed_at = case when ${status} in ('processed', 'ignored') then now() end
    where id = ${id}
  `.execute(trx);
}

/** Events that waited for what is known now are processed again. */
export async function wakeInboundEvents(trx: Trx, known: readonly string[]): Promise<void> {
  await sql`
    update app.webhook_events set status = 'pending', waiting_for = null where waiting_for = any(${known})
  `.execute(trx);
}
