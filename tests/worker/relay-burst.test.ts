import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { relayOnce, type RelayOptions } from '../../worker/relay.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createSupplier } from '../support/world.ts';

/** Couples that a journey starts for. */
const BOOKED = 200;
/** Events that stand behind theirs, as after a large import. */
const QUEUED = 100_000;

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db?.close());

test('a queue of a hundred thousand events does not stand in the relay’s way: journeys start, and none twice', async () => {
  const supplier = await createSupplier(db, [
    {
      schema: 1,
      name: 'Booked',
      starts: { on: 'client.booked' },
      steps: [{ key: 'call', type: 'task', title: 'Call', when: { anchor: 'wedding_date' } }],
    },
  ]);
  await db.query(
    `insert into app.clients (organization_id, partner_1_name, status, wedding_date)
     select $1, 'Ana ' || n, 'booked', '2030-06-15' from generate_series(1, $2::int) n`,
    [supplier.organizationId, BOOKED],
  );
  await db.query(
    `insert into app.outbox (organization_id, client_id, event)
     select $1, gen_random_uuid(), 'facts.changed' from generate_series(1, $2::int)`,
    [supplier.organizationId, QUEUED],
  );
  const starts: string[] = [];
  const options: RelayOptions = {
    relayDatabase: db.relay,
    workerDatabase: db.worker,
    log: pino({ level: 'silent' }),
    clock: async () => new Date(),
    workflows: {
      start: async ({ executionId }) => void starts.push(executionId),
      startBatch: async () => {},
      wake: async () => true,
    },
  };
  const untilStarted = async (): Promise<void> => {
    while (new Set(starts).size < BOOKED && (await relayOnce(options)) > 0);
  };
  await Promise.all([untilStarted(), untilStarted()]);
  const [made] = await db.query(
    `select count(*)::int as executions, count(distinct client_id)::int as couples from app.journey_executions`,
  );
  expect(made).toEqual({ executions: BOOKED, couples: BOOKED });
  expect(new Set(starts).size).toBe(BOOKED);
});
