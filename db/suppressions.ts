import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

type Channel = 'email' | 'sms' | 'whatsapp';
type Purpose = 'transactional' | 'service' | 'marketing';

export interface Suppression {
  readonly channel: Channel;
  readonly address: string;
  /** What is stopped; null: everything. */
  readonly purposes: readonly Purpose[] | null;
  readonly reason: 'unsubscribe' | 'bounce' | 'complaint' | 'stop_keyword' | 'manual';
  readonly communicationId: string | null;
}

/** Stops an address. What was stopped already stays stopped: two reasons together stop what each of them does. */
export async function suppress(trx: Trx, suppression: Suppression): Promise<void> {
  const { channel, address, purposes, reason, communicationId } = suppression;
  await sql`
    insert into app.suppressions as s (channel, address_hash, purposes, reason, source_communication_id)
    values (${channel}, app.address_hash(app.current_org_id(), lower(${address})),
      ${purposes === null ? null : [...purposes]}::text[], ${reason}, ${communicationId})
    on conflict (organization_id, channel, address_hash) do update set
      purposes = case when s.purposes is null or excluded.purposes is null then null
        else array(select distinct unnest(s.purposes || excluded.purposes) order by 1) end,
      reason = case when excluded.purposes is null then excluded.reason else s.reason end,
      source_communication_id = coalesce(s.source_communication_id, excluded.source_communication_id),
      expires_at = null
  `.execute(trx);
}

/** Lifts what the person asked for themselves; a bounce or a complaint stays. */
export async function liftOwnSuppression(trx: Trx, channel: Channel, address: string): Promise<void> {
  await sql`
    delete from app.suppressions
     where channel = ${channel} and address_hash = app.address_hash(app.current_org_id(), lower(${address}))
       and reason in ('stop_keyword', 'unsubscribe')
  `.execute(trx);
}

export interface ConsentDecision {
  readonly clientId: string;
  readonly contactId: string | null;
  readonly channel: Channel;
  readonly purposes: readonly Purpose[];
  readonly state: 'granted' | 'withdrawn';
  readonly source: 'couple' | 'one_click' | 'keyword';
  /** How it is known; no address and no text of a message. */
  readonly evidence: Readonly<Record<string, string>>;
}

/** Records what a person decided. One that says what holds already adds nothing: the record is of changes. */
export async function recordConsent(trx: Trx, decision: ConsentDecision): Promise<void> {
  const { clientId, contactId, channel, purposes, state, source, evidence } = decision;
  await sql`
    insert into app.consents (client_id, contact_id, channel, purpose, state, source, evidence)
    select ${clientId}, ${contactId}, ${channel}, p.purpose, ${state}, ${source}, ${JSON.stringify(evidence)}::jsonb
      from unnest(${[...purposes]}::text[]) as p(purpose)
     where ${state} is distinct from (
       select c.state from app.consents c
        where c.client_id = ${clientId} and c.contact_id is not distinct from ${contactId}
          and c.channel = ${channel} and c.purpose = p.purpose
        order by c.recorded_at desc, c.id desc limit 1)
  `.execute(trx);
}
