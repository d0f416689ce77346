import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { createDatabaseClock } from '../../worker/database-clock.ts';
import { createJourneyWorkflows } from '../../worker/journey-workflows.ts';
import { relayOnce } from '../../worker/relay.ts';
import { eventually } from '../support/eventually.ts';
import { mailsArrive, mailsTo } from '../support/mails.ts';
import { connectClient } from '../support/temporal.ts';
import { createSupplier, createWorld, type Supplier, type World } from '../support/world.ts';
import { startChild } from './support/child-process.ts';
import { FULL, RESUMED_WITHIN_MS } from './support/scale.ts';

let world: World;
let supplier: Supplier;
let client: Awaited<ReturnType<typeof connectClient>>;

beforeAll(async () => {
  world = await createWorld();
  client = await connectClient(world.temporal.address);
  supplier = await createSupplier(world.db, [
    {
      schema: 1,
      name: 'One mail',
      starts: { on: 'client.booked' },
      steps: [
        { key: 'welcome', type: 'email', when: { anchor: 'journey_start' }, template: 'welcome' },
        { key: 'more', type: 'email', when: { anchor: 'event:more' }, template: 'reminder' },
      ],
    },
  ]);
});
afterAll(async () => {
  await client?.connection.close();
  await world?.close();
});

/** `npm test` tries every ninth gap, beginning with another one for each of the two sides of it. */
const STRIDE = FULL ? 1 : 9;
/** More statements than a relay has for what it leases together. */
const MOST = 120;

/** Two couples in one statement: the relay writes for both together, and starts them one after the other or at once. */
async function bookTwo(from: number): Promise<string[]> {
  const rows = await world.db.query<{ id: string }>(
    `with client as (
       insert into app.clients (organization_id, partner_1_name, status, wedding_date)
       select $1, 'Ana', 'booked', '2030-06-15' from generate_series(1, 2) returning organization_id, id
     ), contact as (
       insert into app.client_contacts (organization_id, client_id, role, contact_type, contact_value, is_primary)
       select organization_id, id, 'partner_1', 'email',
         format('gap.%s@example.com', $2::int - 1 + row_number() over ()), true
         from client
     )
     select id from client`,
    [supplier.organizationId, from],
  );
  return rows.map(({ id }) => id);
}

test(
  'a relay that is killed in any gap between two statements: every booking is heard of once',
  { timeout: 1_200_000 },
  async () => {
    const couples: string[] = [];
    const successor = {
      relayDatabase: world.db.relay,
      workerDatabase: world.db.worker,
      workflows: createJourneyWorkflows(client),
      log: pino({ level: 'silent' }),
      clock: createDatabaseClock(world.db.relay),
    };
    const waiting = async (clientIds: readonly string[] | null = null): Promise<number> =>
      (
        await world.db.query(
          `select from app.outbox where processed_at is null and ($1::uuid[] is null or client_id = any ($1))`,
          [clientIds],
        )
      ).length;
    let survived = false;
    for (let statement = 1; statement <= MOST && !survived; statement += STRIDE) {
      // Before the next statement is sent, and after the last one was answered: a start in Temporal may lie between.
      for (const place of ['after', 'before'] as const) {
        const relay = await startChild('relay-child', world.workerOptions);
        await relay.dieAt(place === 'after' ? statement : statement + 1, place);
        const both = await bookTwo(couples.length);
        couples.push(...both);
        // Where its work is over sooner it dies in one of its idle looks, which are statements too.
        await eventually('it has died', async () => relay.gone());
        survived = (await waiting(both)) === 0;
        if (survived) break;
        // Another takes over, so that the next one dies in the work for the next couple alone.
        await eventually('another has brought the rest to the journeys', async () => {
          await world.db.query(`update app.outbox set locked_until = null where processed_at is null`);
          await relayOnce(successor);
          return (await waiting()) === 0;
        });
      }
    }
    // All of its statements have had their turn.
    expect(survived).toBe(true);
    expect(couples.length).toBeGreaterThan(4);

    await world.startWorker();
    for (const index of couples.keys()) await mailsArrive(world, `gap.${index}@example.com`, 1, RESUMED_WITHIN_MS);
    await world.db.query(
      `insert into app.client_events (organization_id, client_id, name, source)
       select organization_id, id, 'more', 'api' from app.clients where id = any($1)`,
      [couples],
    );
    for (const index of couples.keys()) await mailsArrive(world, `gap.${index}@example.com`, 2, RESUMED_WITHIN_MS);
    for (const index of couples.keys()) expect(await mailsTo(world, `gap.${index}@example.com`)).toHaveLength(2);
    const executions = await world.db.query(`select from app.journey_executions`);
    expect(executions).toHaveLength(couples.length);
    // The last mail may be there before the relay has noted what it brought.
    await eventually('nothing is left', async () => (await waiting()) === 0);
  },
);
