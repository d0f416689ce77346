import { randomUUID } from 'node:crypto';

import { sql } from 'kysely';

import { addressesOf, type NewContact } from './clients.ts';
import type { ClientStatus } from './domain.ts';
import type { Trx } from './tenant.ts';

/** A couple from outside, as it is to be stored. Absent: not said, so an update leaves it as it is. */
export interface CoupleToStore {
  readonly externalId?: string;
  readonly partner1Name: string;
  readonly partner2Name: string;
  readonly email?: string;
  readonly partner2Email?: string;
  /** E.164, as the other one. */
  readonly phone?: string;
  readonly partner2Phone?: string;
  readonly weddingOn?: string;
  readonly weddingTime?: string;
  readonly zone?: string;
  readonly status: ClientStatus;
  readonly tags: readonly string[];
  readonly venue?: string;
  readonly guestCount?: number;
}

/** A couple that is stored already. */
export interface StoredCouple {
  readonly clientId: string;
  /** Whether it was deleted, and can still be restored. */
  readonly deleted: boolean;
  readonly couple: Omit<CoupleToStore, 'tags'> & { readonly tags: readonly string[] };
}

/**
 * The stored couples that each given one may be: by external id, by any email address, or, where it has neither, by both
 * names and the date.
 *
 * @returns one list a couple, in the order of `couples`; with more than one entry it contradicts itself
 */
export async function findStored(trx: Trx, couples: readonly CoupleToStore[]): Promise<StoredCouple[][]> {
  const asked = couples.map((couple, place) => {
    const emails = [couple.email, couple.partner2Email].flatMap((email) => (email ? [email.toLowerCase()] : []));
    return {
      place,
      external_id: couple.externalId ?? null,
      emails,
      nameless: couple.externalId === undefined && emails.length === 0,
      name_1: couple.partner1Name,
      name_2: couple.partner2Name,
      wedding_on: couple.weddingOn ?? null,
    };
  });
  const { rows } = await sql<{ place: number; stored: StoredCouple }>`
    with asked as (
      select * from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb)
        as a (place integer, external_id text, emails text[], nameless boolean, name_1 text, name_2 text, wedding_on date)
    ), matches as (
      select a.place, c.id from asked a join app.clients c
        on c.organization_id = (select app.current_org_id()) and c.external_id = a.external_id
      union
      select a.place, k.client_id from asked a
        cross join unnest(a.emails) as address
        join app.client_contacts k on k.organization_id = (select app.current_org_id())
         and k.value_normalized = address and k.contact_type = 'email'
        join app.clients c on c.organization_id = k.organization_id and c.id = k.client_id and c.deleted_at is null
      union
      select a.place, c.id from asked a join app.clients c
        on c.organization_id = (select app.current_org_id()) and c.deleted_at is null
       and c.wedding_date is not distinct from a.wedding_on
       and lower(c.partner_1_name) = lower(a.name_1) and lower(c.partner_2_name) = lower(a.name_2)
       where a.nameless
    )
    select m.place, jsonb_build_object('clientId', c.id, 'deleted', c.deleted_at is not null,
      'couple', jsonb_strip_nulls(jsonb_build_object(
        'externalId', c.external_id, 'partner1Name', c.partner_1_name, 'partner2Name', c.partner_2_name,
        'weddingOn', c.wedding_date, 'weddingTime', to_char(c.wedding_time, 'HH24:MI'), 'zone', c.wedding_timezone,
        'status', c.status, 'tags', c.tags, 'venue', c.venue, 'guestCount', c.guest_count) || coalesce(k.addresses, '{}'))
      ) as stored
    from matches m
    join app.clients c on c.organization_id = (select app.current_org_id()) and c.id = m.id
    left join lateral (
      select jsonb_object_agg(case role || ' ' || contact_type
          when 'partner_1 email' then 'email' when 'partner_2 email' then 'partner2Email'
          when 'partner_1 phone' then 'phone' else 'partner2Phone' end, contact_value) as addresses
        from app.client_contacts
       where organization_id = c.organization_id and client_id = c.id
         and role in ('partner_1', 'partner_2') and contact_type in ('email', 'phone')
    ) k on true
    order by m.place
  `.execute(trx);
  const found: StoredCouple[][] = couples.map(() => []);
  for (const { place, stored } of rows) found[place]?.push(stored);
  return found;
}

/**
 * Stores new couples with their contacts, in two statements however many they are.
 *
 * @returns their ids, in the order of `couples`
 */
export async function insertImported(trx: Trx, couples: readonly CoupleToStore[]): Promise<string[]> {
  if (couples.length === 0) return [];
  const clients = couples.map((couple) => ({
    id: randomUUID(),
    external_id: couple.externalId ?? null,
    partner_1_name: couple.partner1Name,
    partner_2_name: couple.partner2Name,
    status: couple.status,
    wedding_date: couple.weddingOn ?? null,
    wedding_time: couple.weddingTime ?? null,
    wedding_timezone: couple.zone ?? null,
    venue: couple.venue ?? null,
    guest_count: couple.guestCount ?? null,
    tags: [...couple.tags],
  }));
  const ids = clients.map(({ id }) => id);
  await trx.insertInto('clients').values(clients).execute();
  const contacts = couples.flatMap((couple, index) =>
    contactsOf(couple).flatMap((contact) => addressesOf(ids[index] ?? '', contact)),
  );
  if (contacts.length > 0) await trx.insertInto('client_contacts').values(contacts).execute();
  return ids;
}

/** Gives a stored couple the values that differ; what is not said stays. */
export async function updateImported(trx: Trx, clientId: string, couple: CoupleToStore): Promise<void> {
  await trx
    .updateTable('clients')
    .set({
      partner_1_name: couple.partner1Name,
      partner_2_name: couple.partner2Name,
      status: couple.status,
      ...(couple.externalId === undefined ? {} : { external_id: couple.externalId }),
      ...(couple.weddingOn === undefined ? {} : { wedding_date: couple.weddingOn }),
      ...(couple.weddingTime === undefined ? {} : { wedding_time: couple.weddingTime }),
      ...(couple.zone === undefined ? {} : { wedding_timezone: couple.zone }),
      ...(couple.venue === undefined ? {} : { venue: couple.venue }),
      ...(couple.guestCount === undefined ? {} : { guest_count: couple.guestCount }),
      ...(couple.tags.length === 0 ? {} : { tags: [...couple.tags] }),
    })
    .where('id', '=', clientId)
    .execute();
  for (const contact of contactsOf(couple)) {
    for (const [type, value] of [['email', contact.email] as const, ['phone', contact.phone] as const]) {
      if (value === undefined) continue;
      const { numUpdatedRows } = await trx
        .updateTable('client_contacts')
        .set({ contact_value: value, name: contact.name ?? null })
        .where('client_id', '=', clientId)
        .where('role', '=', contact.role)
        .where('contact_type', '=', type)
        .executeTakeFirstOrThrow();
      if (numUpdatedRows > 0n) continue;
      await sql`
        insert into app.client_contacts (client_id, role, name, contact_type, contact_value, is_primary)
        select ${clientId}, ${contact.role}, ${contact.name ?? null}, ${type}, ${value}, not exists (
          select from app.client_contacts where client_id = ${clientId} and contact_type = ${type} and is_primary)
      `.execute(trx);
    }
  }
}

/** The first partner who can be reached is the primary contact. */
function contactsOf(couple: CoupleToStore): NewContact[] {
  const firstReached = couple.email !== undefined || couple.phone !== undefined;
  const contact = (role: string, name: string, email?: string, phone?: string): NewContact[] =>
    email === undefined && phone === undefined
      ? []
      : [
          {
            role,
            isPrimary: role === 'partner_1' || !firstReached,
            ...(name === '' ? {} : { name }),
            ...(email === undefined ? {} : { email }),
            ...(phone === undefined ? {} : { phone }),
          },
        ];
  return [
    ...contact('partner_1', couple.partner1Name, couple.email, couple.phone),
    ...contact('partner_2', couple.partner2Name, couple.partner2Email, couple.partner2Phone),
  ];
}
