import type { Insertable } from 'kysely';

import type { ContactType } from './domain.ts';
import type { Trx } from './tenant.ts';
import type { ClientContacts, Clients, Payments } from './types.gen.ts';

/** Somebody of a couple, or for them, with the addresses at which they are reached. */
export interface NewContact {
  /** partner_1, partner_2, or another role such as venue. */
  role: string;
  name?: string;
  email?: string;
  /** E.164. */
  phone?: string;
  /** IANA zone. */
  timezone?: string;
  locale?: string;
  /** Whether messages to the primary contact go here; at most one contact of a couple. */
  isPrimary?: boolean;
}

/**
 * Creates a client with its contacts. The contacts come in the same transaction, so that a journey which starts on the
 * client finds somebody to write to.
 *
 * @returns the client's id
 */
export async function insertClient(
  trx: Trx,
  client: Insertable<Clients>,
  contacts: readonly NewContact[] = [],
): Promise<string> {
  const { id } = await trx.insertInto('clients').values(client).returning('id').executeTakeFirstOrThrow();
  const rows = contacts.flatMap((contact) => addressesOf(id, contact));
  if (rows.length > 0) await trx.insertInto('client_contacts').values(rows).execute();
  return id;
}

/** A contact is one row an address; the rows of one role are one person. */
export function addressesOf(clientId: string, contact: NewContact): Insertable<ClientContacts>[] {
  const addresses: [ContactType, string | undefined][] = [
    ['email', contact.email],
    ['phone', contact.phone],
  ];
  return addresses.flatMap(([contact_type, contact_value]) =>
    contact_value === undefined
      ? []
      : [
          {
            client_id: clientId,
            role: contact.role,
            name: contact.name ?? null,
            contact_type,
            contact_value,
            timezone: contact.timezone ?? null,
            locale: contact.locale ?? null,
            is_primary: contact.isPrimary ?? false,
          },
        ],
  );
}

/** @returns the payment's id */
export async function insertPayment(trx: Trx, payment: Insertable<Payments>): Promise<string> {
  const { id } = await trx.insertInto('payments').values(payment).returning('id').executeTakeFirstOrThrow();
  return id;
}
