import { setTimeout as delay } from 'node:timers/promises';

import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { mailsArrive, mailsTo, nextMailFails } from '../support/mails.ts';
import { eventually } from '../support/eventually.ts';
import { createSupplier, createWorld, type Supplier, type World } from '../support/world.ts';
import { FULL, RESUMED_WITHIN_MS } from './support/scale.ts';

let world: World;
let supplier: Supplier;

beforeAll(async () => {
  world = await createWorld();
  supplier = await createSupplier(world.db, [
    {
      schema: 1,
      name: 'One mail',
      starts: { on: 'client.booked' },
      steps: [{ key: 'welcome', type: 'email', when: { anchor: 'journey_start' }, template: 'welcome' }],
    },
  ]);
  await world.startWorker();
});
afterAll(() => world?.close());

/** In all of it, as the promise has it; `npm test` waits for no longer than it takes to be refused. */
const AWAY_MS = FULL ? 30_000 : 0;

/** Nobody but the superuser gets in, and whoever is in is thrown out. */
async function whileDatabaseIsAway(work: () => Promise<void>): Promise<void> {
  const admin = new URL(world.db.adminUrl);
  const name = admin.pathname.slice(1);
  admin.pathname = '/postgres';
  const client = new Client({ connectionString: admin.toString() });
  await client.connect();
  try {
    for (const role of ['app_worker', 'app_relay'])
      await client.query(`revoke connect on database ${name} from ${role}`);
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and usename in ('app_worker', 'app_relay')`,
      [name],
    );
    const backAt = performance.now() + AWAY_MS;
    await work();
    await delay(Math.max(0, backAt - performance.now()));
  } finally {
    for (const role of ['app_worker', 'app_relay']) await client.query(`grant connect on database ${name} to ${role}`);
    await client.end();
  }
}

describe('the database is away', { timeout: 120_000 }, () => {
  test('while a mail is on its way: its answer is not forgotten, and nothing is sent twice', async () => {
    await nextMailFails(world, { kind: 'late_answer', to: 'away@example.com', delayMs: 1_500 });
    const clientId = await supplier.book({ email: 'away@example.com' });
    await eventually('the mail is being sent', async () => {
      const rows = await world.db.query(`select from app.communications where client_id = $1 and status = 'sending'`, [
        clientId,
      ]);
      return rows.length === 1;
    });
    await whileDatabaseIsAway(async () => {
      await mailsArrive(world, 'away@example.com', 1);
      // Until the answer has come and could not be written down.
      await eventually('the worker is refused', async () => {
        const [row] = await world.db.query<{ late: boolean }>(
          `select send_claimed_at < now() - interval '3 seconds' as late from app.communications where client_id = $1`,
          [clientId],
        );
        return row?.late === true;
      });
    });
    await eventually(
      'the answer is written down',
      async () => {
        const [row] = await world.db.query<{ state: string; status: string }>(
          `select s.state, c.status from app.journey_step_executions s
           join app.communications c on c.step_execution_id = s.id where c.client_id = $1`,
          [clientId],
        );
        return row?.state === 'done' && row.status === 'sent';
      },
      RESUMED_WITHIN_MS,
    );
    expect(await mailsTo(world, 'away@example.com')).toHaveLength(1);
  });

  test('while couples book: they are heard of when it is back', async () => {
    const clients: string[] = [];
    await whileDatabaseIsAway(async () => {
      for (let index = 0; index < 3; index += 1)
        clients.push(await supplier.book({ email: `later${index}@example.com` }));
    });
    for (let index = 0; index < 3; index += 1)
      await mailsArrive(world, `later${index}@example.com`, 1, RESUMED_WITHIN_MS);
    expect(clients).toHaveLength(3);
  });
});
