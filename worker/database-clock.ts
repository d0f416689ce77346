import { sql } from 'kysely';

import type { Clock } from '../activities/clock.ts';
import type { Database } from '../db/database.ts';
import { withRelay } from '../db/relay.ts';

/** How long a comparison with the database's clock is relied on. */
const TRUST_MS = 60_000;

/**
 * The time as the database tells it, so that all workers agree whatever their machines believe. Between two questions
 * it goes by this process's monotonic clock, which nobody sets.
 */
export function createDatabaseClock(relayDatabase: Database): Clock {
  let compared: { databaseMs: number; monotonicMs: number } | null = null;
  let asking: Promise<void> | null = null;
  const ask = async (): Promise<void> => {
    const before = performance.now();
    const { rows } = await withRelay(relayDatabase, (trx) =>
      sql<{ now: Date }>`select clock_timestamp() as now`.execute(trx),
    );
    const now = rows[0]?.now;
    if (now === undefined) throw new Error('The database did not tell the time.');
    // The answer is as old as half of the way there and back.
    const monotonicMs = performance.now();
    compared = { databaseMs: now.getTime() + (monotonicMs - before) / 2, monotonicMs };
  };
  return async () => {
    if (compared === null || performance.now() - compared.monotonicMs > TRUST_MS) {
      asking ??= ask().finally(() => {
        asking = null;
      });
      await asking;
    }
    if (compared === null) throw new Error('The database did not tell the time.');
    return new Date(compared.databaseMs + performance.now() - compared.monotonicMs);
  };
}
