import type { Database } from './database.ts';
import { raw } from './raw.ts';
import type { Trx } from './tenant.ts';

/**
 * A transaction before it is known whose it is: row security shows no row of any tenant. It is for the few functions of
 * the database which find out whose a request is, or keep it.
 */
export async function withoutTenant<T>(database: Database, work: (trx: Trx) => Promise<T>): Promise<T> {
  return database[raw].transaction().execute(work);
}
