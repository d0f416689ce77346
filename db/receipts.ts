import { sql } from 'kysely';

import type { Channel } from './domain.ts';
import type { OutgoingStatus } from './outgoing.ts';
import type { Trx } from './tenant.ts';

/** What a provider tells about one message to one recipient (channels/receipts/receipt.ts). */
export interface ReportedReceipt {
  readonly provider: string;
  readonly channel: Channel;
  readonly dedupKey: string;
  readonly event: keyof typeof EVENT_TYPES;
  /** ISO instant. */
  readonly occurredAt: string;
  readonly communicationId: string | null;
  readonly providerId: string | null;
  readonly code: string | null;
  readonly detail: string;
}

/** A message of ours that a receipt or a reply is about; its row is held until the transaction ends. */
export interface ReportedCommunication {
  readonly id: string;
  readonly clientId: string | null;
  readonly contactId: string | null;
  readonly executionId: string | null;
  readonly stepKey: string | null;
  readonly channel: Channel;
  readonly status: OutgoingStatus;
}

const COLUMNS = sql`id, client_id as "clientId", contact_id as "contactId", execution_id as "executionId",
  step_key as "stepKey", type as channel, status`;

/** The message that a receipt names: by our own id, or else by the provider's. */
export async function communicationOfReceipt(
  trx: Trx,
  receipt: ReportedReceipt,
): Promise<ReportedCommunication | null> {
  const { rows } = await sql<ReportedCommunication>`
    select ${COLUMNS} from app.communications
     where direction = 'outbound' and type = ${receipt.channel}
       and (id::text = ${receipt.communicationId ?? ''}
         or (${receipt.providerId}::text is not null and ${receipt.providerId} in (provider_message_id, message_id)))
     order by id::text = ${receipt.communicationId ?? ''} desc limit 1 for update
  `.execute(trx);
  return rows[0] ?? null;
}

const EVENT_TYPES = {
  queued: 'queued',
  sent: 'sent',
  delivered: 'delivered',
  read: 'opened',
  opened: 'opened',
  clicked: 'clicked',
  delayed: 'deferred',
  bounced: 'bounced',
  complained: 'complained',
  failed: 'failed',
  dropped: 'failed',
  unsubscribed: 'unsubscribed',
  resubscribed: null,
} as const;

/** Keeps what a provider told about a message. False where it was told before. */
export async function keepReceipt(trx: Trx, communicationId: string, receipt: ReportedReceipt): Promise<boolean> {
  const type = EVENT_TYPES[receipt.event];
  if (type === null) return true;
  const payload = JSON.stringify({ code: receipt.code, detail: receipt.detail, providerId: receipt.providerId });
  // Twilio's calls carry no time, so the same one told twice differs in it: the provider's key alone decides. The
  // message's row is held, so no other transaction keeps the same receipt at the same moment.
  const { numAffectedRows } = await sql`
    insert into app.communication_events (organization_id, communication_id, event_type, provider, provider_event_id,
      payload, occurred_at)
    select app.current_org_id(), ${communicationId}, ${type}, ${receipt.provider}, ${receipt.dedupKey},
      ${payload}::jsonb, ${receipt.occurredAt}
     where not exists (select 1 from app.communication_events e
       where e.communication_id = ${communicationId} and e.provider = ${receipt.provider}
         and e.provider_event_id = ${receipt.dedupKey})
    on conflict do nothing
  `.execute(trx);
  return (numAffectedRows ?? 0n) > 0n;
}

/** Writes what a receipt changes about a message. `status` has been decided by `laterStatus`. */
export async function applyReceipt(
  trx: Trx,
  communicationId: string,
  receipt: ReportedReceipt,
  status: OutgoingStatus,
): Promise<void> {
  const at = receipt.occurredAt;
  const isFailure = ['failed', 'bounced', 'complained', 'suppressed'].includes(status);
  await sql`
    update app.communications set
      status = ${status},
      provider_status = ${receipt.event},
      provider_message_id = coalesce(provider_message_id, ${receipt.channel === 'email' ? null : receipt.providerId}),
      error_code = case when ${isFailure} and status <> ${status} then ${receipt.code} else error_code end,
      error_message = case when ${isFailure} and status <> ${status} then ${receipt.detail} else error_message end,
      sent_at = case when ${status} in ('sent', 'delivered') then coalesce(sent_at, ${at}) else sent_at end,
      delivered_at = case when ${receipt.event} in ('delivered', 'read') then coalesce(delivered_at, ${at}) else delivered_at end,
      opened_at = case when ${receipt.event} in ('opened', 'read') then coalesce(opened_at, ${at}) else opened_at end,
      failed_at = case when ${isFailure} then coalesce(failed_at, ${at}) else failed_at end
    where id = ${communicationId}
  `.execute(trx);
}

/** The person an address belongs to: of several couples with the same one, whom we wrote to last. */
export async function personOfAddress(
  trx: Trx,
  channel: Channel,
  address: string,
): Promise<{ clientId: string; contactId: string; lastMessageId: string | null } | null> {
  const { rows } = await sql<{ clientId: string; contactId: string; lastMessageId: string | null }>`
    select k.client_id as "clientId", k.id as "contactId", m.id as "lastMessageId"
      from app.client_contacts k
      left join lateral (
        select c.id, c.created_at from app.communications c
         where c.client_id = k.client_id and c.direction = 'outbound' and c.type = ${channel}
           and lower(c.recipient) = lower(${address})
         order by c.created_at desc limit 1) m on true
     where k.value_normalized = lower(${address})
     order by m.created_at desc nulls last, k.created_at desc limit 1
  `.execute(trx);
  return rows[0] ?? null;
}

/** A message of ours by its id; its row is held. */
export async function communicationById(trx: Trx, id: string): Promise<ReportedCommunication | null> {
  const { rows } = await sql<ReportedCommunication>`
    select ${COLUMNS} from app.communications where id::text = ${id} for update
  `.execute(trx);
  return rows[0] ?? null;
}

export interface IncomingReply {
  readonly channel: Channel;
  readonly provider: string;
  readonly dedupKey: string;
  readonly from: string;
  readonly text: string;
  readonly clientId: string;
  readonly contactId: string | null;
  /** The message it answers. */
  readonly answers: ReportedCommunication | null;
  readonly at: Date;
}

/** Keeps a person's reply, marks what it answers, and tells the journeys. False where it was told before. */
export async function keepReply(trx: Trx, reply: IncomingReply): Promise<boolean> {
  const { channel, provider, dedupKey, from, text, clientId, contactId, answers, at } = reply;
  const { numAffectedRows } = await sql`
    insert into app.communications (client_id, contact_id, idempotency_key, type, direction, recipient, recipient_hash,
      content, status, provider, provider_message_id, reply_to_id)
    values (${clientId}, ${contactId}, ${`reply/${provider}/${dedupKey}`}, ${channel}, 'inbound', ${from},
      app.address_hash(app.current_org_id(), lower(${from})), ${text}, 'received', ${provider}, ${dedupKey},
      ${answers?.id ?? null})
    on conflict do nothing
  `.execute(trx);
  if ((numAffectedRows ?? 0n) === 0n) return false;
  if (answers !== null) {
    await sql`
      update app.communications set replied_at = coalesce(replied_at, ${at}) where id = ${answers.id}
    `.execute(trx);
  }
  const data = { channel, ...(answers === null || answers.stepKey === null ? {} : { message: answers.stepKey }) };
  await sql`
    insert into app.client_events (client_id, name, ref, occurred_at, data, source, dedup_key)
    values (${clientId}, 'reply', ${answers?.id ?? null}, ${at}, ${JSON.stringify(data)}::jsonb, 'channel',
      ${`reply/${provider}/${dedupKey}`})
    on conflict do nothing
  `.execute(trx);
  return true;
}
