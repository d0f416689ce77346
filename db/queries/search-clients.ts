import { sql } from 'kysely';

import type { Trx } from '../tenant.ts';

export interface FoundClient {
  clientId: string;
  couple: string;
  status: string;
  weddingOn: string | null;
}

/**
 * Couples whose names contain a text, whatever the case, those with the nearest wedding first.
 *
 * It reads all couples of the organization: `ilike` is not leakproof, so under row security no index could help, and
 * the couples of one supplier are few.
 */
export async function searchClients(trx: Trx, text: string, limit = 20): Promise<FoundClient[]> {
  const pattern = `%${text.replaceAll(/[\\%_]/g, (sign) => `\\${sign}`)}%`;
  const { rows } = await sql<FoundClient>`/* search_clients */
    select id as "clientId", concat_ws(' & ', nullif(partner_1_name, ''), nullif(partner_2_name, '')) as couple, status,
           wedding_date as "weddingOn"
      from app.clients
     where organization_id = (select app.current_org_id()) and deleted_at is null
       and (partner_1_name ilike ${pattern} or partner_2_name ilike ${pattern})
     order by abs(wedding_date - current_date) nulls last, id
     limit ${limit}`.execute(trx);
  return rows;
}
