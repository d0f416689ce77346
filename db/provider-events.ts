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
