import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { eventually } from '../support/eventually.ts';
import { mailsArrive, mailsTo, nextMailFails } from '../support/mails.ts';
import { createSupplier, createWorld, type Supplier, type World } from '../support/world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
});
afterAll(() => world?.close());

/** A mail sixty days before the wedding, which goes at once for one that is sooner. */
const JOURNEY = {
  schema: 1,
  name: 'Final details',
  starts: { on: 'client.booked' },
  steps: [
    {
      key: 'details',
      type: 'email',
      name: 'Final details',
      when: { anchor: 'wedding_date', offset: { days: -60 }, ifPast: 'send_now' },
      onDateChange: 'task',
      template: 'reminder',
    },
    { key: 'after', type: 'task', title: 'Tidy up', when: { anchor: 'wedding_date', offset: { days: 3 } } },
  ],
};

async function settingAtOnce(): Promise<{ supplier: Supplier; soon: string; later: string }> {
  const supplier = await createSupplier(world.db, [JOURNEY]);
  await world.db.query(
    `insert into app.organization_settings (organization_id, settle_minutes) values ($1, 0)
      on conflict (organization_id) do update set settle_minutes = 0`,
    [supplier.organizationId],
  );
  const [days = { soon: '', later: '' }] = await world.db.query<{ soon: string; later: string }>(
    `select (current_date + 20)::text as soon, (current_date + 200)::text as later`,
  );
  return { supplier, ...days };
}

describe('a message that went out for a date which then changed', () => {
  test('while it was on its way: its row keeps the date that it was sent for, whoever plans meanwhile', async () => {
    const { supplier, soon, later } = await settingAtOnce();
    await nextMailFails(world, { kind: 'late_answer', to: 'midway@example.com', delayMs: 2_000 });
    const clientId = await supplier.book({ weddingOn: soon, email: 'midway@example.com' });
    await eventually('it is on its way', async () => {
      const rows = await world.db.query(`select from app.communications where client_id = $1 and status = 'sending'`, [
        clientId,
      ]);
      return rows.length === 1;
    });
    await world.db.query(`update app.clients set wedding_date = $2 where id = $1`, [clientId, later]);
    const [sent] = await eventually('the mail is recorded, and the move was heard of', async () => {
      const rows = await world.db.query<{ is_kept: boolean }>(
        `select (s.due_at at time zone 'UTC')::date + 60 = $2::date as is_kept
           from app.journey_executions e
           join app.journey_step_executions s on s.execution_id = e.id and s.step_key = 'details' and s.state = 'done'
           join app.journey_step_executions n on n.execution_id = e.id and n.step_key = 'after'
          where e.client_id = $1 and (n.due_at at time zone 'UTC')::date = $3::date + 3`,
        [clientId, soon, later],
      );
      return rows.length === 1 && rows;
    });
    expect(sent).toEqual({ is_kept: true });
    expect(await mailsTo(world, 'midway@example.com')).toHaveLength(1);
  });

  test('becomes one task for the team, when its step says so, once the date is still', async () => {
    const { supplier, soon, later } = await settingAtOnce();
    const clientId = await supplier.book({ weddingOn: soon, email: 'moved@example.com' });
    await mailsArrive(world, 'moved@example.com', 1);
    await eventually('the mail is recorded', async () => {
      const rows = await world.db.query(
        `select from app.journey_step_executions s join app.journey_executions e on e.id = s.execution_id
          where e.client_id = $1 and s.step_key = 'details' and s.state = 'done'`,
        [clientId],
      );
      return rows.length === 1;
    });

    // The planner counts in seconds: this change is surely after the mail, and still has to settle when it is first seen.
    await world.db.query(
      `update app.clients set wedding_date = $2, wedding_changed_at = now() + interval '2 seconds' where id = $1`,
      [clientId, later],
    );
    const tasks = await eventually('the team has a task', async () => {
      const rows = await world.db.query(`select title, status from app.tasks where client_id = $1`, [clientId]);
      return rows.length > 0 && rows;
    });
    expect(tasks).toEqual([{ title: '"Final details" went out for another date', status: 'open' }]);

    // Whatever makes it plan again, the same change makes no second task.
    await world.db.query(`update app.clients set tags = array['vip'] where id = $1`, [clientId]);
    await eventually('the change was looked at', async () => {
      const [row] = await world.db.query<{ seen: boolean }>(
        `select not exists (select from app.outbox where processed_at is null and client_id = $1) as seen`,
        [clientId],
      );
      return row?.seen;
    });
    expect(await world.db.query(`select title from app.tasks where client_id = $1`, [clientId])).toHaveLength(1);
    expect(await mailsArrive(world, 'moved@example.com', 1)).toHaveLength(1);
  });
});
