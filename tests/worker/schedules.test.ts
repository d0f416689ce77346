import { ScheduleOverlapPolicy } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { eventually } from '../support/eventually.ts';
import { connectClient } from '../support/temporal.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
});
afterAll(() => world?.close());

describe('the schedules of the platform', () => {
  test('what is due and overdue in the organization’s zone is told by one, every minute', async () => {
    const client = await connectClient(world.temporal.address);
    const schedule = client.schedule.getHandle('wedsync-tell-due');
    const [couple] = await world.db.query<{ organization: string; client: string }>(
      `with supplier as (
         insert into app.organizations (name, slug, timezone) values ('Kauri', 'kauri', 'Pacific/Auckland') returning id)
       insert into app.clients (organization_id, status) select id, 'booked' from supplier
       returning organization_id as organization, id as client`,
    );
    // Yesterday in New Zealand: overdue there, whatever the day is here.
    await world.db.query(
      `insert into app.invoices (organization_id, client_id, invoice_number, status, subtotal_amount, total_amount,
         due_date)
       values ($1, $2, '1', 'sent', 100, 100, (now() at time zone 'Pacific/Auckland')::date - 1),
         ($1, $2, '2', 'sent', 100, 100, (now() at time zone 'Pacific/Auckland')::date)`,
      [couple?.organization, couple?.client],
    );
    await eventually('the schedule is there', async () => (await schedule.describe()).scheduleId);
    // One that runs already may have looked before the invoices were there.
    await schedule.trigger(ScheduleOverlapPolicy.BUFFER_ONE);
    const told = await eventually('the invoice is overdue', async () => {
      const rows = await world.db.query(
        `select e.data ->> 'number' as number from app.client_events e where e.client_id = $1 and e.name = 'invoice.overdue'`,
        [couple?.client],
      );
      return rows.length > 0 && rows;
    });
    expect(told).toEqual([{ number: '1' }]);
    const statuses = await world.db.query(
      `select invoice_number as number, status from app.invoices where client_id = $1 order by 1`,
      [couple?.client],
    );
    expect(statuses).toEqual([
      { number: '1', status: 'overdue' },
      { number: '2', status: 'sent' },
    ]);
    await client.connection.close();
  });

  test('the nightly upkeep makes the months ahead, and seals the audit', async () => {
    const client = await connectClient(world.temporal.address);
    const schedule = client.schedule.getHandle('wedsync-maintain');
    await eventually('the schedule is there', async () => (await schedule.describe()).scheduleId);
    await world.db.query(`insert into app.organizations (name, slug) values ('Alder', 'alder')`);
    await schedule.trigger();
    await eventually('the audit is sealed', async () => {
      const [row] = await world.db.query<{ seals: number }>(`select count(*)::int as seals from audit.audit_seals`);
      return (row?.seals ?? 0) > 0;
    });
    const { state } = await schedule.describe();
    expect(state.paused).toBe(false);
    await client.connection.close();
  });
});
