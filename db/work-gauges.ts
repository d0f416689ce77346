import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

export interface WorkGauge {
  readonly name: 'overdue_steps' | 'outbox_age' | 'outbox_waiting' | 'outbox_parked' | 'unknown_sends' | 'stuck_sends';
  /** A number of things, or seconds. */
  readonly value: number;
}

/** How much waits or is late, over all organizations. @param trx of the relay */
export async function workGauges(trx: Trx): Promise<WorkGauge[]> {
  const { rows } = await sql<WorkGauge>`select name, value from ops.work_gauges()`.execute(trx);
  return rows;
}
