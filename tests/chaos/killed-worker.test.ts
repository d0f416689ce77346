import { createServer, type Server } from 'node:net';

import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { eventually } from '../support/eventually.ts';
import { mailsArrive, mailsTo, nextMailFails } from '../support/mails.ts';
import { startWorkerProcess } from '../support/worker-process.ts';
import { createSupplier, createWorld, type Supplier, type World } from '../support/world.ts';

/** A step must go on within a minute of its worker's death. */
const RESUMED_WITHIN_MS = 60_000;

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
});
afterAll(() => world?.close());

interface Communication {
  id: string;
  status: string;
  attempts: number;
  execution_id: string;
}
const communicationsOf = (clientId: string): Promise<Communication[]> =>
  world.db.query<Communication>(
    `select id, status, attempts, execution_id from app.communications where client_id = $1`,
    [clientId],
  );
const communicationIs = (clientId: string, status: string): Promise<Communication> =>
  eventually(
    `the communication is ${status}`,
    async () => (await communicationsOf(clientId)).find((row) => row.status === status),
    RESUMED_WITHIN_MS,
  );
const stepIsDone = (clientId: string): Promise<{ state: string; outcome: string | null }> =>
  eventually(
    'the step is done',
    async () => {
      const [row] = await world.db.query<{ state: string; outcome: string | null }>(
        `select s.state, s.outcome from app.journey_step_executions s
         join app.journey_executions e on e.id = s.execution_id where e.client_id = $1`,
        [clientId],
      );
      return row?.state === 'done' && row;
    },
    RESUMED_WITHIN_MS,
  );

describe('a worker that is killed in the middle of a send', { timeout: 120_000 }, () => {
  test('before a byte of the message has left: the mail goes out once', async () => {
    const mute = await muteMailServer();
    const worker = await startWorkerProcess(world, mute.url);
    const clientId = await supplier.book({ email: 'before@example.com' });
    await communicationIs(clientId, 'queued');
    await eventually('the worker talks to the mail server', async () => mute.connections() > 0);
    await worker.kill();
    await mute.close();

    const next = await startWorkerProcess(world);
    await mailsArrive(world, 'before@example.com', 1, RESUMED_WITHIN_MS);
    await stepIsDone(clientId);
    expect(await mailsTo(world, 'before@example.com')).toHaveLength(1);
    expect(await communicationsOf(clientId)).toMatchObject([{ status: 'sent', attempts: 1 }]);
    expect(await next.stop()).toBe(0);
  });

  test('after the message has left, its answer lost: the outcome is called unknown and nothing is sent again', async () => {
    await nextMailFails(world, { kind: 'late_answer', to: 'after@example.com', delayMs: 600_000 });
    const worker = await startWorkerProcess(world);
    const clientId = await supplier.book({ email: 'after@example.com' });
    await communicationIs(clientId, 'sending');
    await mailsArrive(world, 'after@example.com', 1);
    await worker.kill();

    const next = await startWorkerProcess(world);
    await communicationIs(clientId, 'unknown');
    expect(await stepIsDone(clientId)).toEqual({ state: 'done', outcome: 'assumed_sent' });
    expect(await mailsTo(world, 'after@example.com')).toHaveLength(1);
    expect(await communicationsOf(clientId)).toHaveLength(1);
    expect(await next.stop()).toBe(0);
  });

  test('after the answer was written down, before the step was: the step is done and nothing is sent again', async () => {
    await nextMailFails(world, { kind: 'late_answer', to: 'between@example.com', delayMs: 1_500 });
    const worker = await startWorkerProcess(world);
    const clientId = await supplier.book({ email: 'between@example.com' });
    const { execution_id } = await communicationIs(clientId, 'sending');
    // While somebody else holds the execution's row, the step cannot be finished.
    const holder = new Client({ connectionString: world.db.adminUrl });
    await holder.connect();
    await holder.query('begin');
    await holder.query('select from app.journey_executions where id = $1 for update', [execution_id]);
    await communicationIs(clientId, 'sent');
    await worker.kill();
    await holder.query('rollback');
    await holder.end();

    const next = await startWorkerProcess(world);
    expect(await stepIsDone(clientId)).toEqual({ state: 'done', outcome: 'sent' });
    expect(await mailsTo(world, 'between@example.com')).toHaveLength(1);
    expect(await communicationsOf(clientId)).toMatchObject([{ status: 'sent', attempts: 1 }]);
    expect(await next.stop()).toBe(0);
  });
});

/** Accepts connections and never says a word: a send that began and has not come to the message. */
async function muteMailServer(): Promise<{ url: string; connections: () => number; close: () => Promise<void> }> {
  let connections = 0;
  const server: Server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `smtp://127.0.0.1:${port}`,
    connections: () => connections,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
