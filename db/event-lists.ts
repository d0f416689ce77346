import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

export interface ClientEventRow {
  readonly at: Date;
  readonly client: string;
  readonly name: string;
  readonly source: string;
  readonly data: unknown;
}

/** What happened to couples, the latest first. */
export async function listClientEvents(
  trx: Trx,
  { client, limit }: { client: string | null; limit: number },
): Promise<ClientEventRow[]> {
  const { rows } = await sql<ClientEventRow>`
    select e.occurred_at as at, e.client_id as client, e.name, e.source, e.data
    from app.client_events e join app.clients c on c.id = e.client_id
    where ${client}::text is null or c.id::text = ${client} or c.external_id = ${client}
    order by e.id desc limit ${limit}
  `.execute(trx);
  return rows;
}

export interface InboundEventRow {
  readonly id: string;
  readonly receivedAt: Date;
  readonly endpoint: string | null;
  readonly eventType: string;
  readonly status: string;
  readonly verified: boolean;
  readonly reason: string | null;
}

/** What other programs told us, the latest first. */
export async function listInboundEvents(
  trx: Trx,
  { status, limit }: { status: string | null; limit: number },
): Promise<InboundEventRow[]> {
  const { rows } = await sql<InboundEventRow>`
    select e.id, e.received_at as "receivedAt", coalesce(i.name, e.source_system) as endpoint,
      e.event_type as "eventType", e.status, e.signature_verified as verified, e.last_error as reason
    from app.webhook_events e left join app.inbound_endpoints i on i.id = e.endpoint_id
    where ${status}::text is null or e.status = ${status}
    order by e.received_at desc limit ${limit}
  `.execute(trx);
  return rows;
}

export interface InboundEventDetails extends InboundEventRow {
  readonly address: boolean;
  readonly processedAt: Date | null;
  readonly headers: Readonly<Record<string, string>>;
  /** As its bytes came; null where they were not kept (too large), or need not be (read, and done). */
  readonly body: string | null;
  readonly payload: unknown;
}

/** One of what other programs told us, with what came. Null: there is none. */
export async function findInboundEvent(trx: Trx, id: string): Promise<InboundEventDetails | null> {
  const { rows } = await sql<Omit<InboundEventDetails, 'body'> & { body: Buffer | null }>`
    select e.id, e.received_at as "receivedAt", coalesce(i.name, e.source_system) as endpoint,
      e.event_type as "eventType", e.status, e.signature_verified as verified, e.last_error as reason,
      e.endpoint_id is not null as address, e.processed_at as "processedAt", coalesce(e.headers, '{}') as headers,
      e.raw_body as body, e.payload
    from app.webhook_events e left join app.inbound_endpoints i on i.id = e.endpoint_id
    where e.id = ${id}
  `.execute(trx);
  const [row] = rows;
  return row === undefined ? null : { ...row, body: row.body?.toString('utf8') ?? null };
}

export interface UnclaimedRow {
  readonly id: string;
  readonly receivedAt: Date;
  /** As Stripe names it. */
  readonly account: string | null;
  readonly eventType: string;
  readonly reason: string | null;
}

/** What came to the platform's own Stripe address and belongs to no organization. @param trx of the relay */
export async function listUnclaimed(trx: Trx): Promise<UnclaimedRow[]> {
  const { rows } = await sql<UnclaimedRow>`
    select id, received_at as "receivedAt", split_part(waiting_for, ':', 2) as account, event_type as "eventType",
      last_error as reason
    from app.webhook_events where organization_id is null and external_event_id like 'unclaimed:%'
    order by received_at desc limit 1000
  `.execute(trx);
  return rows;
}

/** One that was refused at the platform's own Stripe address, with its exact bytes. */
export interface RefusedUnclaimed {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rawBody: Buffer;
  readonly receivedAt: Date;
}

/** Those that could not be verified or read, in the order they came. @param trx of the relay */
export async function refusedUnclaimed(trx: Trx): Promise<RefusedUnclaimed[]> {
  const { rows } = await sql<RefusedUnclaimed>`
    select id, headers, raw_body as "rawBody", received_at as "receivedAt"
    from app.webhook_events
    where organization_id is null and external_event_id like 'unclaimed:refused:%' and raw_body is not null
    order by received_at
  `.execute(trx);
  return rows;
}

/** Forgets one of them, which has been taken in and kept anew. @param trx of the relay */
export async function forgetUnclaimed(trx: Trx, id: string): Promise<void> {
  await sql`delete from app.webhook_events where id = ${id} and organization_id is null`.execute(trx);
}
