import { sql } from 'kysely';

import type { Trx } from '../../db/tenant.ts';

/**
 * Deletes a client so that it can be restored for a while (90 days, or as the organization says). Its journeys end; its
 * data stay until the upkeep of the database erases them.
 *
 * @returns whether there was such a client, not deleted yet
 */
export async function softDeleteClient(trx: Trx, clientId: string, userId: string | null): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('clients')
    .set({ deleted_at: sql`now()`, deleted_by: userId })
    .where('id', '=', clientId)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  return numUpdatedRows > 0n;
}

/**
 * Restores a deleted client. Its journeys stay ended: what was due meanwhile is not made up for without being asked.
 *
 * @returns `erased` where nothing is left to restore
 */
export async function restoreClient(
  trx: Trx,
  clientId: string,
): Promise<'restored' | 'not_deleted' | 'erased' | 'not_found'> {
  const client = await trx
    .selectFrom('clients')
    .select(['deleted_at', 'erased_at'])
    .where('id', '=', clientId)
    .forUpdate()
    .executeTakeFirst();
  if (client === undefined) return 'not_found';
  if (client.erased_at !== null) return 'erased';
  if (client.deleted_at === null) return 'not_deleted';
  await trx.updateTable('clients').set({ deleted_at: null, deleted_by: null }).where('id', '=', clientId).execute();
  return 'restored';
}
