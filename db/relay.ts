import type { Database } from './database.ts';
import { raw } from './raw.ts';
import type { Trx } from './tenant.ts';

/**
 * Runs `work` in a transaction of the relay, which sees the outbox of every organization and hardly anything else. Only
 * a database opened as app_relay can do anything useful in it.
 */
export async function withRelay<T>(database: Database, work: (trx: Trx) => Promise<T>): Promise<T> {
  return database[raw].transaction().execute(work);
}
