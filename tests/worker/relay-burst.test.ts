import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { relayOnce, type RelayOptions } from '../../worker/relay.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createSupplier } from '../support/world.ts';

/** Those that a journey starts for; they stand first. */
const BOOKED = 300;
const COUPLES = 10_000;

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db?.close());

test('ten thousand couples written in one transaction do not stand in the relay’s way: journeys start, none twice', async () => {
  const supplier = await createSupplier(db, [
    {
      schema: 1,
      name: 'Booked',
      starts: { on: 'client.booked' },
      steps: [{ key: 'call', type: 'task', title: 'Call', when: { anchor: 'wedding_date' } }],
    },
  ]);
  const insert = (status: string, from: number, to: number): string =>
    `insert into app.clients (organization_id, partner_1_name, status, wedding_date)
     select '${supplier.organizationId}', 'Ana ' || n, '${status}', '2030-06-15' from generate_series(${from}, ${to}) n;`;
  await db.query(`begin; ${insert('booked', 1, BOOKED)} ${insert('lead', BOOKED + 1, COUPLES)} commit;`);
  const starts: string[] = [];
  const options: RelayOptions = {
    relayDatabase: db.relay,
    workerDatabase: db.worker,
    log: pino({ level: 'silent' }),
    clock: async () => new Date(),
    workflows: {
      start: async ({ executionId }) => void starts.push(executionId),
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
