import { sql } from 'kysely';

import type { Trx } from '../../db/tenant.ts';

/** The id of a journey by its name or id; null where there is none, or several of that name. */
export async function findJourney(trx: Trx, nameOrId: string): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select id from app.journeys where deleted_at is null and (name = ${nameOrId} or id::text = ${nameOrId}) limit 2
  `.execute(trx);
  return rows.length === 1 ? (rows[0]?.id ?? null) : null;
}
