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

/** `npm test` tries every fifth gap, beginning with another one for each of the two sides of it. */
const STRIDE = FULL ? 1 : 5;
/** More statements than a relay has for one couple. */
const MOST = 120;

test(
  'a relay that is killed in any gap between two statements: every booking is heard of once',
  { timeout: 600_000 },
  async () => {
    const couples: string[] = [];
    const successor = {
      relayDatabase: world.db.relay,
      workerDatabase: world.db.worker,
      workflows: createJourneyWorkflows(client),
      log: pino({ level: 'silent' }),
      clock: createDatabaseClock(world.db.relay),
    };
    const waiting = async (clientId: string | null = null): Promise<number> =>
      (
        await world.db.query(
          `select from app.outbox where processed_at is null and ($1::uuid is null or client_id = $1)`,
          [clientId],
        )
      ).length;
    let survived = false;
    for (let statement = 1; statement <= MOST && !survived; statement += STRIDE) {
      // Before the next statement is sent, and after the last one was answered: a start in Temporal may lie between.
      for (const place of ['after', 'before'] as const) {
        const relay = await startChild('relay-child', world.workerOptions);
        await relay.dieAt(place === 'after' ? statement : statement + 1, place);
        const clientId = await supplier.book({ email: `gap.${couples.length}@example.com` });
        couples.push(clientId);
        // Where its work is over sooner it dies in one of its idle looks, which are statements too.
        await eventually('it has died', async () => relay.gone());
        survived = (await waiting(clientId)) === 0;
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
