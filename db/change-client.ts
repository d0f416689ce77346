import { sql } from 'kysely';

import type { UpdateClientStep } from '../journeys/definition.ts';
import type { Trx } from './tenant.ts';

/** Applies what an `update_client` step sets. Tags are added once, in the order in which they came. */
export async function changeClient(trx: Trx, clientId: string, set: UpdateClientStep['set']): Promise<void> {
  await sql`
    update app.clients c set
      status = coalesce(${set.status ?? null}, c.status),
      tags = array(
        select tag from unnest(c.tags || ${set.addTags ?? []}::text[]) with ordinality as t (tag, place)
        where tag <> all (${set.removeTags ?? []}::text[])
        group by tag order by min(place)),
      metadata = c.metadata || ${JSON.stringify(set.custom ?? {})}::jsonb
    where c.id = ${clientId}
  `.execute(trx);
}
