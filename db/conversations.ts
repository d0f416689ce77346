import { sql } from 'kysely';

import type { Channel, CommunicationStatus, Direction } from './domain.ts';
import type { Trx } from './tenant.ts';

/**
 * A couple wrote: service and marketing messages to it are held for the time that the organization has set, so that a
 * person can answer first. What it writes meanwhile makes it longer; it ends by itself, or with the couple's hold.
 *
 * @param at when it wrote
 */
export async function holdForConversation(trx: Trx, clientId: string, at: Date): Promise<void> {
  await sql`
    update app.holds set released_at = until
     where client_id = ${clientId} and cause = 'conversation' and released_at is null and until <= ${at}
  `.execute(trx);
  await sql`
    insert into app.holds as h (scope, client_id, since, until, purposes, cause, reason)
    select 'client', ${clientId}, ${at}, ${at}::timestamptz + make_interval(hours => guard.hours),
      '{service,marketing}', 'conversation', 'they wrote, and you can answer first'
      from (select coalesce((select conversation_guard_hours from app.organization_settings), 24) as hours) guard
     where guard.hours > 0
    on conflict (organization_id, client_id) where cause = 'conversation' and released_at is null
    do update set until = greatest(h.until, excluded.until)
  `.execute(trx);
}

/** Tells the team that a couple wrote; once for each of its messages. */
export async function tellOfReply(trx: Trx, clientId: string, channel: Channel, dedupKey: string): Promise<void> {
  await sql`
    insert into app.notifications (client_id, dedup_key, kind, title, recipient_id)
    select c.id, ${`reply/${dedupKey}`}, 'reply',
      concat_ws(' & ', nullif(c.partner_1_name, ''), nullif(c.partner_2_name, '')) || ' wrote by '
        || case ${channel} when 'email' then 'email' when 'sms' then 'text' else 'WhatsApp' end,
      c.assignee_id
    from app.clients c where c.id = ${clientId}
    on conflict (organization_id, dedup_key) do nothing
  `.execute(trx);
}

/** One message of a couple's thread, in either direction. */
export interface ThreadMessage {
  readonly communicationId: string;
  readonly direction: Direction;
  readonly channel: Channel;
  readonly status: CommunicationStatus;
  /** Who wrote or is written to: partner_1, venue ...; null where it is not known. */
  readonly role: string | null;
  readonly name: string | null;
  readonly subject: string | null;
  /** A text, or the HTML of a mail. */
  readonly content: string | null;
  readonly stepKey: string | null;
  /** Of what came in: the message it answers. */
  readonly answersId: string | null;
  /** When it came, went, or was put in the queue. */
  readonly at: Date;
}

/** What was written to a couple and by it, the latest first. */
export async function threadOf(trx: Trx, clientId: string, limit: number): Promise<ThreadMessage[]> {
  const { rows } = await sql<ThreadMessage>`/* thread */
    select m.id as "communicationId", m.direction, m.type as channel, m.status, k.role, k.name, m.subject, m.content,
      m.step_key as "stepKey", m.reply_to_id as "answersId", coalesce(m.sent_at, m.created_at) as at
      from (select * from app.communications m
             where m.organization_id = (select app.current_org_id()) and m.client_id = ${clientId} and m.type <> 'system'
             order by m.created_at desc limit ${limit}) m
      left join app.client_contacts k on k.organization_id = m.organization_id and k.id = m.contact_id
     order by at desc, m.id
  `.execute(trx);
  return rows;
}
