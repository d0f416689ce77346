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
 * The stored couples that each given one may be: by external id, by an email address of a partner, or, where it has
 * neither, by both names and the date.
 *
 * Asked with lists and not by joining row to row: while a table grows the planner knows little about it, and would
 * read all couples of the organization again for each row.
 *
 * @returns one list a couple, in the order of `couples`; with more than one entry it contradicts itself
 */
export async function findStored(trx: Trx, couples: readonly CoupleToStore[]): Promise<StoredCouple[][]> {
  const nameless = couples.filter((couple) => couple.externalId === undefined && emailsOf(couple).length === 0);
  const { rows } = await sql<StoredCouple>`
    with found as materialized (
      select c.id from app.clients c
       where c.organization_id = (select app.current_org_id())
         and c.external_id = any (${couples.flatMap(({ externalId }) => externalId ?? [])}::text[])
      union
      select k.client_id from app.client_contacts k
       where k.organization_id = (select app.current_org_id()) and k.contact_type = 'email'
         and k.role in ('partner_1', 'partner_2') and k.value_normalized = any (${couples.flatMap(emailsOf)}::text[])
      union
      select c.id from app.clients c
       where c.organization_id = (select app.current_org_id()) and cardinality(${nameless.map(namesOf)}::text[]) > 0
         and lower(c.partner_1_name || '/' || c.partner_2_name || '/' || coalesce(c.wedding_date::text, ''))
             = any (${nameless.map(namesOf)}::text[])
    ), addresses as (
      select k.client_id, jsonb_object_agg(k.role || ' ' || k.contact_type, k.contact_value) as by_role
        from app.client_contacts k
       where k.organization_id = (select app.current_org_id()) and k.client_id = any (array(select id from found))
         and k.role in ('partner_1', 'partner_2') and k.contact_type in ('email', 'phone')
       group by 1
    )
    select c.id as "clientId", c.deleted_at is not null as deleted, jsonb_strip_nulls(jsonb_build_object(
        'externalId', c.external_id, 'partner1Name', c.partner_1_name, 'partner2Name', c.partner_2_name,
        'weddingOn', c.wedding_date, 'weddingTime', to_char(c.wedding_time, 'HH24:MI'), 'zone', c.wedding_timezone,
        'status', c.status, 'tags', c.tags, 'venue', c.venue, 'guestCount', c.guest_count,
        'email', a.by_role -> 'partner_1 email', 'partner2Email', a.by_role -> 'partner_2 email',
        'phone', a.by_role -> 'partner_1 phone', 'partner2Phone', a.by_role -> 'partner_2 phone')) as couple
      from app.clients c left join addresses a on a.client_id = c.id
     where c.organization_id = (select app.current_org_id()) and c.id = any (array(select id from found))
     order by c.created_at, c.id
  `.execute(trx);
  const byKey = new Map<string, StoredCouple[]>();
  for (const stored of rows) {
    for (const key of storedKeys(stored)) byKey.set(key, [...(byKey.get(key) ?? []), stored]);
  }
  return couples.map((couple) => [...new Set(keysOf(couple).flatMap((key) => byKey.get(key) ?? []))]);
}

const emailsOf = ({ email, partner2Email }: Partial<CoupleToStore>): string[] =>
  [email, partner2Email].flatMap((address) => (address === undefined ? [] : [address.trim().toLowerCase()]));

const namesOf = (couple: Omit<CoupleToStore, 'tags'>): string =>
  `${couple.partner1Name}/${couple.partner2Name}/${couple.weddingOn ?? ''}`.toLowerCase();

function keysOf(couple: CoupleToStore): string[] {
  const keys = emailsOf(couple).map((address) => `email ${address}`);
  if (couple.externalId !== undefined) keys.push(`id ${couple.externalId}`);
  return keys.length > 0 ? keys : [`names ${namesOf(couple)}`];
}

/** Of a deleted couple only its external id counts: that key is taken; its addresses are free again. */
function storedKeys({ couple, deleted }: StoredCouple): string[] {
  const id = couple.externalId === undefined ? [] : [`id ${couple.externalId}`];
  if (deleted) return id;
  return [...id, ...emailsOf(couple).map((address) => `email ${address}`), `names ${namesOf(couple)}`];
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
