import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createDatabaseClock } from '../../worker/database-clock.ts';
import { createJourneyWorkflows, workflowIdOf } from '../../worker/journey-workflows.ts';
import { createNews } from '../../worker/news.ts';
import { reconcile, type Finding } from '../../worker/reconcile.ts';
import { eventually } from '../support/eventually.ts';
import { connectClient } from '../support/temporal.ts';
import { createSupplier, createWorld, type Supplier, type World } from '../support/world.ts';

let world: World;
let supplier: Supplier;
let client: Awaited<ReturnType<typeof connectClient>>;

beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
  client = await connectClient(world.temporal.address);
  supplier = await createSupplier(world.db, [
    {
      schema: 1,
      name: 'Far away',
      starts: { on: 'client.booked' },
      steps: [{ key: 'call', type: 'task', title: 'Call', when: { anchor: 'wedding_date' } }],
    },
  ]);
});
afterAll(async () => {
  await client?.connection.close();
  await world?.close();
});

const look = (repair: boolean): Promise<Finding[]> =>
  reconcile({
    relayDatabase: world.db.relay,
    workerDatabase: world.db.worker,
    workflows: createJourneyWorkflows(client),
    client,
    clock: createDatabaseClock(world.db.relay),
    repair,
  });
const planned = (clientId: string): Promise<string> =>
  eventually('the execution is planned', async () => {
    const [row] = await world.db.query<{ id: string }>(
      `select id from app.journey_executions where client_id = $1 and planned_at is not null`,
      [clientId],
    );
    return row?.id;
  });
const isRunning = async (executionId: string): Promise<boolean> => {
  const handle = client.workflow.getHandle(workflowIdOf(supplier.organizationId, executionId));
  return handle.describe().then(
    ({ status }) => status.name === 'RUNNING',
    () => false,
  );
};

describe('the reconciliation', () => {
  test('starts the workflow of an execution that lost it, and finds nothing the second time', async () => {
    const executionId = await planned(await supplier.book());
    await client.workflow.getHandle(workflowIdOf(supplier.organizationId, executionId)).terminate('lost');
    const seen = await eventually('the loss is seen', async () => {
      const findings = await look(false);
      return findings.find(({ subject }) => subject === executionId);
    });
    expect(seen).toMatchObject({ kind: 'execution_without_workflow', repaired: false });
    expect(await isRunning(executionId)).toBe(false);
    expect(await look(true)).toContainEqual(expect.objectContaining({ subject: executionId, repaired: true }));
    expect(await isRunning(executionId)).toBe(true);
    expect((await look(true)).filter(({ subject }) => subject === executionId)).toEqual([]);
  });

  test('ends the workflow of an execution that has ended in our rows', async () => {
    const executionId = await planned(await supplier.book());
    await world.db.query(
      `update app.journey_executions set status = 'stopped', completed_at = now(), stopped_at = now() where id = $1`,
      [executionId],
    );
    const workflowId = workflowIdOf(supplier.organizationId, executionId);
    await eventually('it is found and mended', async () =>
      (await look(true)).some(({ kind, subject }) => kind === 'workflow_without_execution' && subject === workflowId),
    );
    await eventually('it has ended', async () => !(await isRunning(executionId)));
  });

  test('goes on with couples who were put on a journey together and whom nobody has begun', async () => {
    const clientId = await supplier.book({ status: 'lead' });
    const batchId = randomUUID();
    // Past the triggers, as after a restore: nothing tells the relay of it.
    await world.db.query(`begin; set local session_replication_role = replica;
      insert into app.enrolment_batches (organization_id, id, journey_id, total, requested_by, created_at, updated_at)
      values ('${supplier.organizationId}', '${batchId}', '${supplier.journeyIds[0]}', 1, 'cli',
        now() - interval '1 hour', now() - interval '1 hour');
      insert into app.journey_executions (organization_id, journey_id, journey_version_id, client_id, batch_id,
        trigger_event, trigger_key, trigger_at, started_at)
      select organization_id, journey_id, id, '${clientId}', '${batchId}', 'manual', 'by_hand/segment', now(), now()
      from app.journey_versions where journey_id = '${supplier.journeyIds[0]}'; commit`);
    const batch = async () =>
      (await world.db.query(`select status, started from app.enrolment_batches where id = $1`, [batchId]))[0];
    const found = { kind: 'stuck_batch', subject: batchId };
    expect(await look(false)).toContainEqual(expect.objectContaining({ ...found, repaired: false }));
    expect(await batch()).toEqual({ status: 'open', started: 0 });
    expect(await look(true)).toContainEqual(expect.objectContaining({ ...found, repaired: true }));
    await planned(clientId);
    await eventually('all of it have begun', async () => (await batch())?.['status'] === 'done');
    expect(await batch()).toEqual({ status: 'done', started: 1 });
    expect(await look(true)).not.toContainEqual(expect.objectContaining(found));
  });

  test('calls a message unknown that was claimed by a process which died long ago', async () => {
    const clientId = await supplier.book();
    await planned(clientId);
    const [message] = await world.db.query<{ id: string }>(
      `insert into app.communications (organization_id, client_id, idempotency_key, type, status, send_claimed_at)
       values ($1, $2, 'stuck', 'email', 'sending', now() - interval '1 hour') returning id`,
      [supplier.organizationId, clientId],
    );
    const found = { kind: 'stuck_sending', subject: message?.id };
    expect(await look(false)).toContainEqual(expect.objectContaining({ ...found, repaired: false }));
    const [seen] = await world.db.query(`select status from app.communications where id = $1`, [message?.id]);
    expect(seen).toEqual({ status: 'sending' });
    expect(await look(true)).toContainEqual(expect.objectContaining({ kind: 'stuck_sending', subject: message?.id }));
    const [row] = await world.db.query(`select status from app.communications where id = $1`, [message?.id]);
    expect(row).toEqual({ status: 'unknown' });
  });

  test('reports an event that was put aside, opens an alert, and leaves it to a person', async () => {
    const [event] = await world.db.query<{ id: string }>(
      `insert into app.outbox (organization_id, client_id, event, parked_at, attempts, last_error)
       values ($1, null, 'facts.changed', now(), 20, 'no') returning id::text`,
      [supplier.organizationId],
    );
    expect(await look(true)).toContainEqual(
      expect.objectContaining({ kind: 'parked_event', subject: `outbox/${event?.id ?? ''}`, repaired: false }),
    );
    await client.schedule.getHandle('wedsync-reconcile').trigger();
    const alert = await eventually('an alert says so', async () => {
      const rows = await world.db.query(
        `select severity from ops.alerts where code = 'outbox_parked' and closed_at is null`,
      );
      return rows[0];
    });
    expect(alert).toEqual({ severity: 'critical' });
    const rows = await world.db.query(`select parked_at is not null as parked from app.outbox where id = $1`, [
      event?.id,
    ]);
    expect(rows).toEqual([{ parked: true }]);
  });

  test('tells what waits for a person once, and what it mended each time', () => {
    const news = createNews();
    const parked = { kind: 'parked_event', subject: 'outbox/1', repaired: false, detail: '' } as const;
    const overdue = { kind: 'overdue', subject: 'a', repaired: true, detail: '' } as const;
    expect(news([parked, overdue])).toEqual([parked, overdue]);
    expect(news([parked, overdue])).toEqual([overdue]);
    expect(news([])).toEqual([]);
    expect(news([parked])).toEqual([parked]);
  });
});
