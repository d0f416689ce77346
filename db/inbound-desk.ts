import { sql } from 'kysely';

import { storable, type InboundEndpoint, type InboundProvider } from './inbound.ts';
import type { Trx } from './tenant.ts';

/** An address of ours as people see it: no secret, and not the unguessable part. */
export interface InboundLine {
  readonly id: string;
  readonly name: string;
  readonly provider: InboundProvider;
  readonly account: string | null;
  readonly isLive: boolean;
  readonly isActive: boolean;
  readonly hasMapping: boolean;
  /** In the last 30 days. */
  readonly received: number;
  readonly failed: number;
  readonly lastAt: Date | null;
}

export async function listInboundEndpoints(trx: Trx): Promise<InboundLine[]> {
  const { rows } = await sql<InboundLine>`
    select i.id, i.name, i.provider, i.account_ref as account, i.is_live as "isLive", i.is_active as "isActive",
      i.mapping is not null as "hasMapping", count(e.id)::int as received,
      count(e.id) filter (where e.status = 'failed')::int as failed, max(e.received_at) as "lastAt"
    from app.inbound_endpoints i
      left join app.webhook_events e on e.endpoint_id = i.id and e.received_at > now() - interval '30 days'
    group by i.id order by i.name
  `.execute(trx);
  return rows;
}

/** What verifying needs; its row is held. Null: there is none of that name or id. */
export async function lockInboundEndpoint(trx: Trx, nameOrId: string): Promise<InboundEndpoint | null> {
  const { rows } = await sql<InboundEndpoint>`
    select id, organization_id as "organizationId", provider, account_ref as "accountRef", is_live as "isLive", secrets,
      signature
    from app.inbound_endpoints where name = ${nameOrId} or id::text = ${nameOrId} for update
  `.execute(trx);
  return rows[0] ?? null;
}

/** What is left out stays. */
export interface InboundChange {
  readonly secrets?: readonly Buffer[] | undefined;
  readonly mapping?: unknown;
  readonly isActive?: boolean | undefined;
  readonly tokenHash?: Buffer | undefined;
}

export async function changeInboundEndpoint(trx: Trx, id: string, change: InboundChange): Promise<void> {
  const mapping = change.mapping === undefined ? null : JSON.stringify(change.mapping);
  await sql`
    update app.inbound_endpoints set secrets = coalesce(${change.secrets ?? null}::bytea[], secrets),
      mapping = coalesce(${mapping}::jsonb, mapping), is_active = coalesce(${change.isActive ?? null}::boolean, is_active),
      token_hash = coalesce(${change.tokenHash ?? null}::bytea, token_hash)
    where id = ${id}
  `.execute(trx);
}

export interface KeptEvent {
  readonly id: string;
  readonly receivedAt: Date;
  readonly status: string;
  readonly payload: unknown;
}

/** Messages that came to an address, the latest first, for trying a mapping on. */
export async function keptEvents(trx: Trx, endpointId: string, limit: number): Promise<KeptEvent[]> {
  const { rows } = await sql<KeptEvent>`
    select id, received_at as "receivedAt", status, payload from app.webhook_events
    where endpoint_id = ${endpointId} and signature_verified order by received_at desc limit ${limit}
  `.execute(trx);
  return rows;
}

export interface UnverifiedEvent {
  readonly id: string;
  readonly rawBody: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly receivedAt: Date;
}

/** What could not be verified when it came; null bodies were never kept. */
export async function unverifiedEvents(trx: Trx, endpointId: string, since: Date | null): Promise<UnverifiedEvent[]> {
  const { rows } = await sql<UnverifiedEvent>`
    select id, raw_body as "rawBody", headers, received_at as "receivedAt" from app.webhook_events
    where endpoint_id = ${endpointId} and not signature_verified and status = 'failed' and raw_body is not null
      and (${since}::timestamptz is null or received_at >= ${since})
    order by received_at
  `.execute(trx);
  return rows;
}

/** Believes an event after all, and has it processed. False: the same event came again meanwhile. */
export async function acceptEvent(
  trx: Trx,
  event: { id: string; endpointId: string; externalId: string; payload: unknown; eventType: string },
): Promise<boolean> {
  const externalId = `${event.endpointId}:${event.externalId}`;
  const { rows } = await sql`
    update app.webhook_events set signature_verified = true, external_event_id = ${externalId}, status = 'pending',
      last_error = null, payload = ${storable(event.payload)}::jsonb, event_type = ${event.eventType}
    where id = ${event.id} and not exists (select from app.webhook_events other
      where other.external_event_id = ${externalId} and other.endpoint_id = ${event.endpointId})
    returning id
  `.execute(trx);
  return rows.length > 0;
}
