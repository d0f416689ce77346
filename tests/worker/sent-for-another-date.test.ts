import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { eventually } from '../support/eventually.ts';
import { mailsArrive } from '../support/mails.ts';
import { createSupplier, createWorld, type World } from '../support/world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
});
afterAll(() => world?.close());

describe('a message that went out for a date which then changed', () => {
  test('becomes one task for the team, when its step says so, once the date is still', async () => {
    const supplier = await createSupplier(world.db, [
      {
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
      },
    ]);
    await world.db.query(
      `insert into app.organization_settings (organization_id, settle_minutes) values ($1, 0)
      on conflict (organization_id) do update set settle_minutes = 0`,
      [supplier.organizationId],
    );
    const [{ soon, later } = { soon: '', later: '' }] = await world.db.query<{ soon: string; later: string }>(
      `select (current_date + 20)::text as soon, (current_date + 200)::text as later`,
    );
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
