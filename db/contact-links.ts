import { sql } from 'kysely';

import type { Channel } from './domain.ts';
import type { Trx } from './tenant.ts';

/** The token of a contact's own link; made when it is first asked for. */
export async function contactLinkToken(trx: Trx, contactId: string): Promise<string> {
  const { rows } = await sql<{ token: string }>`select app.contact_link(${contactId}) as token`.execute(trx);
  const [row] = rows;
  if (row === undefined) throw new Error('The database made no link.');
  return row.token;
}

/** Whose link a token is. Needs no tenant; done as app_api. */
export async function findContactLink(
  trx: Trx,
  token: string,
): Promise<{ organizationId: string; contactId: string } | null> {
  const { rows } = await sql<{ organizationId: string; contactId: string }>`
    select organization_id as "organizationId", contact_id as "contactId" from app.find_contact_link(${token})
  `.execute(trx);
  return rows[0] ?? null;
}

export type ChosenPurpose = 'service' | 'marketing';

/** One way of reaching a person, and what they allow on it. */
export interface ReachablePreference {
  readonly contactId: string;
  readonly channel: Channel;
  readonly address: string;
  readonly allows: Readonly<Record<ChosenPurpose, boolean>>;
}

export interface PersonPreferences {
  readonly clientId: string;
  readonly organizationName: string;
  /** BCP 47: the person's, or else the organization's. */
  readonly locale: string;
  readonly ways: readonly ReachablePreference[];
}

/**
 * What a person allows on each way of reaching them: their latest decision, or what holds without one (messages about
 * their wedding yes, advertising no), less what is suppressed.
 */
export async function preferencesOf(trx: Trx, contactId: string): Promise<PersonPreferences | null> {
  const { rows } = await sql<PersonPreferences>`
    select k.client_id as "clientId", o.name as "organizationName", coalesce(k.locale, o.locale) as locale,
      (select coalesce(jsonb_agg(jsonb_build_object('contactId', w.id, 'channel', ch.channel,
          'address', w.value_normalized, 'allows', jsonb_build_object(
            'service', not stopped.service and coalesce(said.service, 'granted') = 'granted',
            'marketing', not stopped.marketing and coalesce(said.marketing, 'withdrawn') = 'granted')
          ) order by ch.channel, w.created_at), '[]')
         from app.client_contacts w
         cross join lateral (select unnest(case w.contact_type when 'email' then array['email']
           when 'phone' then array['sms', 'whatsapp'] else array[]::text[] end) as channel) ch
         cross join lateral (
           select (array_agg(c.state order by c.recorded_at desc, c.id desc) filter (where c.purpose = 'service'))[1] as service,
                  (array_agg(c.state order by c.recorded_at desc, c.id desc) filter (where c.purpose = 'marketing'))[1] as marketing
             from app.consents c
            where c.client_id = w.client_id and c.channel = ch.channel
              and (c.contact_id = w.id or c.contact_id is null)) said
         cross join lateral (
           select coalesce(bool_or(s.purposes is null or 'service' = any(s.purposes)), false) as service,
                  coalesce(bool_or(s.purposes is null or 'marketing' = any(s.purposes)), false) as marketing
             from app.suppressions s
            where s.channel = ch.channel and s.address_hash = w.address_hash
              and (s.expires_at is null or s.expires_at > now())) stopped
        where w.client_id = k.client_id and w.role = k.role) as ways
      from app.client_contacts k
      join app.organizations o on o.id = k.organization_id
     where k.id = ${contactId}
  `.execute(trx);
  return rows[0] ?? null;
}
