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

describe('a row becomes a message', () => {
  test('a booked couple gets its welcome mail, and the rows say what happened', async () => {
    const supplier = await createSupplier(world.db, [
      {
        schema: 1,
        name: 'Welcome',
        starts: { on: 'client.booked' },
        steps: [
          { key: 'welcome', type: 'email', when: { anchor: 'journey_start' }, template: 'welcome' },
          { key: 'call', type: 'task', title: 'Call {{ client.coupleName }}', when: { anchor: 'journey_start' } },
          { key: 'later', type: 'email', when: { anchor: 'wedding_date', offset: { days: -7 } }, template: 'reminder' },
        ],
      },
    ]);
    const clientId = await supplier.book({ email: 'first@example.com' });
    const [mail] = await mailsArrive(world, 'first@example.com', 1);
    expect(mail?.subject).toBe('welcome for Ana & Ben');
    const steps = await eventually('the steps are recorded', async () => {
      const rows = await world.db.query<{ step_key: string; state: string; local_time: string | null }>(
        `select s.step_key, s.state, s.local_time from app.journey_step_executions s
         join app.journey_executions e on e.id = s.execution_id where e.client_id = $1 order by s.step_key`,
        [clientId],
      );
      return rows.filter(({ state }) => state === 'done').length === 2 && rows;
    });
    expect(steps).toMatchObject([
      { step_key: 'call', state: 'done' },
      { step_key: 'later', state: 'planned', local_time: '2030-06-08T09:00' },
      { step_key: 'welcome', state: 'done' },
    ]);
    const communications = await world.db.query(
      `select status, subject, recipient, attempts from app.communications where client_id = $1`,
      [clientId],
    );
    expect(communications).toEqual([
      { status: 'sent', subject: 'welcome for Ana & Ben', recipient: 'first@example.com', attempts: 1 },
    ]);
    const tasks = await world.db.query(`select title, status from app.tasks where client_id = $1`, [clientId]);
    expect(tasks).toEqual([{ title: 'Call Ana & Ben', status: 'open' }]);
  });
});
