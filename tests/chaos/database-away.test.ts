import { setTimeout as delay } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startWorker } from '../../worker/start-worker.ts';
import { startDatabaseDoor } from '../support/database-door.ts';
import { mailsArrive, mailsTo, nextMailFails } from '../support/mails.ts';
import { eventually } from '../support/eventually.ts';
import { createSupplier, createWorld, type Supplier, type World } from '../support/world.ts';
import { startOwnPostgres } from './support/own-postgres.ts';
import { FULL, RESUMED_WITHIN_MS } from './support/scale.ts';

/** In all of it, as the promise has it; `npm test` waits for no longer than it takes to be refused. */
const AWAY_MS = FULL ? 30_000 : 3_000;

interface Away {
  readonly world: World;
  readonly supplier: Supplier;
  /** Others than the worker and its relay still get to the database meanwhile. */
  readonly isOpenToOthers: boolean;
  readonly during: (work: () => Promise<void>) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The server of everybody, behind a door that is shut: connections are reset in the middle, new ones are refused. */
async function behindDoor(): Promise<Away> {
  const world = await createWorld();
  const door = await startDatabaseDoor(world.db.adminUrl);
  const { worker, relay } = world.db.urls;
  const databaseUrls = { worker: door.through(worker), relay: door.through(relay) };
  return away(world, true, databaseUrls, door.shut, door.open, async () => {
    await world.close();
    await door.shut();
  });
}

/** A server of our own, which is stopped and started again over its data. */
async function onServer(): Promise<Away> {
  const own = await startOwnPostgres();
  const world = await createWorld(own.db);
  return away(world, false, own.db.urls, own.stop, own.start, async () => {
    await world.close();
    await own.remove();
  });
}

async function away(
  world: World,
  isOpenToOthers: boolean,
  databaseUrls: { worker: string; relay: string },
  leave: () => Promise<void>,
  comeBack: () => Promise<void>,
  close: () => Promise<void>,
): Promise<Away> {
  const supplier = await createSupplier(world.db, [
    {
      schema: 1,
      name: 'One mail',
      starts: { on: 'client.booked' },
      steps: [{ key: 'welcome', type: 'email', when: { anchor: 'journey_start' }, template: 'welcome' }],
    },
  ]);
  const worker = await startWorker({ ...world.workerOptions, databaseUrls });
  return {
    world,
    supplier,
    isOpenToOthers,
    async during(work) {
      await leave();
      const backAt = performance.now() + AWAY_MS;
      try {
        await work();
        await delay(Math.max(0, backAt - performance.now()));
      } finally {
        await comeBack();
      }
    },
    async close() {
      await worker.stop();
      await close();
    },
  };
}

const KINDS = [
  { name: 'behind a door that is shut', start: behindDoor, bounded: true },
  { name: 'because its server is stopped', start: onServer, bounded: false },
].filter(({ bounded }) => FULL || bounded);

describe.each(KINDS)('the database is away, $name', { timeout: 300_000 }, ({ start }) => {
  let scene: Away;
  beforeAll(async () => {
    scene = await start();
  });
  afterAll(() => scene?.close());

  test('while a mail is on its way: its answer is not forgotten, and nothing is sent twice', async () => {
    const { world, supplier } = scene;
    await nextMailFails(world, { kind: 'late_answer', to: 'away@example.com', delayMs: 1_500 });
    const clientId = await supplier.book({ email: 'away@example.com' });
    await eventually('the mail is being sent', async () => {
      const rows = await world.db.query(`select from app.communications where client_id = $1 and status = 'sending'`, [
        clientId,
      ]);
      return rows.length === 1;
    });
    // The answer comes while nobody can write it down.
    await scene.during(async () => void (await mailsArrive(world, 'away@example.com', 1)));
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

  test('while couples book: they are heard of when it is back, each once', async () => {
    const { world, supplier, isOpenToOthers } = scene;
    const emails = ['before@example.com', 'meanwhile@example.com'].slice(0, isOpenToOthers ? 2 : 1);
    await supplier.book({ email: 'before@example.com' });
    await scene.during(async () => {
      for (const email of emails.slice(1)) await supplier.book({ email });
    });
    for (const email of emails) {
      await mailsArrive(world, email, 1, RESUMED_WITHIN_MS);
      await eventually('its journey has ended', async () => {
        const rows = await world.db.query(
          `select from app.journey_executions e join app.client_contacts c on c.client_id = e.client_id
            where c.contact_value = $1 and e.status = 'completed'`,
          [email],
        );
        return rows.length === 1;
      });
      expect(await mailsTo(world, email)).toHaveLength(1);
    }
  });
});
