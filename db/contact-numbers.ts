import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

/** A telephone number that some program wrote without its country, and whose it is. */
export interface NationalNumber {
  readonly contactId: string;
  readonly number: string;
  readonly locale: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The couples' numbers that are not in the form of the networks yet (E.164). */
export async function nationalNumbers(trx: Trx, clientIds: readonly string[]): Promise<NationalNumber[]> {
  const { rows } = await sql<NationalNumber>`/* national_numbers */
    select k.id as "contactId", k.contact_value as number, o.locale, o.settings
      from app.client_contacts k join app.organizations o on o.id = k.organization_id
     where k.client_id = any (${clientIds}::uuid[]) and k.contact_type = 'phone' and k.value_normalized !~ '^[+][1-9][0-9]{6,14}$'
     order by k.id
  `.execute(trx);
  return rows;
}

/** Keeps the form of the networks beside what was written; opt-outs and answers are found by it. */
export async function keepNetworkForm(trx: Trx, contactId: string, e164: string): Promise<void> {
  await sql`update app.client_contacts set value_normalized = ${e164} where id = ${contactId}`.execute(trx);
}
