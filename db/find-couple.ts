import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

export type CoupleSearch =
  | { ok: true; clientId: string }
  | { ok: false; code: 'no_client' | 'several_clients'; message: string };

/** The couple that a person means: by its id, the id another program gave it, or an email address. */
export async function findCouple(trx: Trx, word: string): Promise<CoupleSearch> {
  const { rows } = await sql<{ id: string }>`
    select c.id from app.clients c where c.deleted_at is null and (c.id::text = lower(${word}) or c.external_id = ${word}
      or exists (select from app.client_contacts k where k.client_id = c.id and k.contact_type = 'email'
                   and k.value_normalized = lower(${word})))
    limit 2
  `.execute(trx);
  const [found, another] = rows;
  if (found === undefined) return { ok: false, code: 'no_client', message: `There is no couple "${word}".` };
  if (another !== undefined) {
    return { ok: false, code: 'several_clients', message: `Several couples are "${word}". Give the id of one.` };
  }
  return { ok: true, clientId: found.id };
}
