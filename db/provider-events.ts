import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

/** Keeps a request of a message provider as it came; one that is there already stays as it is. */
export async function keepProviderEvent(
  trx: Trx,
  event: { provider: string; externalId: string; body: string },
): Promise<void> {
  const source = event.provider === 'twilio' ? 'twilio' : 'email';
  const payload = JSON.stringify({ body: storable(event.body) });
  await sql`
    select app.receive_webhook_event(${source}, ${event.externalId}, ${event.provider}, ${payload}::jsonb, true)
  `.execute(trx);
}

/**
 * Holds a kept request until the transaction ends; null where it has been applied, or where another request used the
 * same id with other words.
 */
export async function openProviderEvent(
  trx: Trx,
  event: { externalId: string; body: string },
): Promise<{ id: string } | null> {
  const { rows } = await sql<{ id: string }>`
    select id from app.webhook_events
     where external_event_id = ${event.externalId} and status <> 'processed'
       and payload->>'body' = ${storable(event.body)}
       for update
  `.execute(trx);
  return rows[0] ?? null;
}

export async function endProviderEvent(trx: Trx, id: string): Promise<void> {
  await sql`
    update app.webhook_events set status = 'processed', processed_at = now(), last_error = null where id = ${id}
  `.execute(trx);
}

/** Postgres keeps no NUL in text. */
function storable(body: string): string {
  return body.replaceAll('\0', '\uFFFD');
}

/** A request of a provider's that was refused. */
export interface RefusedReport {
  readonly provider: string;
  readonly externalId: string;
  /** Null where it is too large to keep. */
  readonly rawBody: Buffer | null;
  /** What its signature is checked with; the address it came to is under `:path`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly verified: boolean;
  readonly problem: string;
}

/** So many that nobody vouches for are kept a day. */
const MOST_UNVERIFIED = 1_000;

/** Keeps a refused request with the reason, for a replay; nothing where there is no such organization. */
export async function keepRefusedReport(trx: Trx, report: RefusedReport): Promise<void> {
  const source = report.provider === 'twilio' ? 'twilio' : 'email';
  const { rows } = await sql`
    select from app.organizations where ${report.verified} or (select count(*) from app.webhook_events e
      where e.endpoint_id is null and e.source_system = ${source} and not e.signature_verified
        and e.received_at > now() - interval '1 day') < ${MOST_UNVERIFIED}
  `.execute(trx);
  if (rows.length === 0) return;
  // As text too: by it an erasure finds whom it is about.
  const payload = JSON.stringify(report.rawBody === null ? {} : { body: storable(report.rawBody.toString('utf8')) });
  await sql`
    select app.receive_webhook_event(${source}, ${report.externalId}, ${report.provider}, ${payload}::jsonb,
      ${report.verified})
  `.execute(trx);
  await sql`
    update app.webhook_events set status = 'failed', last_error = ${report.problem.slice(0, 2_000)},
      raw_body = ${report.rawBody}, headers = ${JSON.stringify(report.headers)}::jsonb
    where external_event_id = ${report.externalId} and source_system = ${source}
  `.execute(trx);
}

export interface KeptReport {
  readonly id: string;
  readonly provider: string;
  readonly rawBody: Buffer;
  readonly headers: Readonly<Record<string, string>>;
  readonly verified: boolean;
  readonly receivedAt: Date;
}

/** Refused requests of providers that can be tried again, in the order they came. */
export async function refusedReports(
  trx: Trx,
  { eventId, since }: { eventId: string | null; since: Date | null },
): Promise<KeptReport[]> {
  const { rows } = await sql<KeptReport>`
    select id, event_type as provider, raw_body as "rawBody", headers, signature_verified as verified,
      received_at as "receivedAt"
    from app.webhook_events
    where endpoint_id is null and status = 'failed' and raw_body is not null and headers ? ':path'
      and (${eventId}::text is null or id::text = ${eventId})
      and (${since}::timestamptz is null or received_at >= ${since})
    order by received_at
  `.execute(trx);
  return rows;
}

/** Notes that a refused request has been taken now (null), or why it still is not. */
export async function endRefusedReport(trx: Trx, id: string, problem: string | null): Promise<void> {
  await sql`
    update app.webhook_events set last_error = ${problem}, status = ${problem === null ? 'processed' : 'failed'},
      processed_at = case when ${problem === null} then now() end
    where id = ${id}
  `.execute(trx);
}
