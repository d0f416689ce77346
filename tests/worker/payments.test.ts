import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { eventually } from '../support/eventually.ts';
import { mailsArrive, mailsTo } from '../support/mails.ts';
import { createSupplier, createWorld, type World } from '../support/world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
});
afterAll(() => world?.close());

const reminder = {
  schema: 1,
  name: 'Balance reminder',
  starts: { on: 'client.booked' },
  steps: [
    {
      key: 'remind',
      type: 'email',
      when: { anchor: 'payment_due:balance', offset: { days: -7 }, at: '10:00' },
      template: 'reminder',
      purpose: 'transactional',
    },
  ],
};
const thanks = {
  schema: 1,
  name: 'Payment thank-you',
  starts: { on: 'payment.succeeded', reEntry: 'per_trigger' },
  steps: [
    { key: 'thanks', type: 'email', when: { anchor: 'journey_start' }, template: 'welcome', purpose: 'transactional' },
  ],
};

describe('a payment', () => {
  test('whose due date is an anchor stops the reminder and sets off the thank-you when it is paid', async () => {
    const supplier = await createSupplier(world.db, [reminder, thanks]);
    const clientId = await supplier.book({ email: 'payer@example.com' });
    const remindLine = async () => {
      const rows = await world.db.query<{ state: string; local_time: string | null; reason: { code: string } }>(
        `select s.state, s.local_time, s.reason from app.journey_step_executions s
         join app.journey_executions e on e.id = s.execution_id where e.client_id = $1 and s.step_key = 'remind'`,
        [clientId],
      );
      return rows[0];
    };
    await eventually(
      'the reminder waits for a due date',
      async () => (await remindLine())?.reason.code === 'anchor_missing',
    );

    const [payment] = await world.db.query<{ id: string }>(
      `insert into app.payments (organization_id, client_id, kind, amount, due_on)
       values ($1, $2, 'balance', 145000, '2030-05-01') returning id`,
      [supplier.organizationId, clientId],
    );
    await eventually('the reminder has its date', async () => (await remindLine())?.local_time === '2030-04-24T10:00');

    await world.db.query(`update app.payments set status = 'succeeded' where id = $1`, [payment?.id]);
    await mailsArrive(world, 'payer@example.com', 1);
    const line = await eventually('the reminder is called off', async () => {
      const now = await remindLine();
      return now?.reason.code === 'already_paid' && now;
    });
    expect(['will_skip', 'skipped']).toContain(line.state);
    const [mail] = await mailsTo(world, 'payer@example.com');
    expect(mail?.subject).toBe('welcome for Ana & Ben');
  });

  test('that set a journey off and is cancelled is reminded of no more', async () => {
    const [step] = reminder.steps;
    const chase = {
      ...reminder,
      name: 'Each payment',
      starts: { on: 'payment.scheduled', reEntry: 'per_trigger' },
      steps: [{ ...step, when: { anchor: 'payment_due', offset: { days: -7 }, at: '10:00' } }],
    };
    const supplier = await createSupplier(world.db, [chase]);
    const clientId = await supplier.book({ email: 'changed@example.com' });
    const [payment, other] = await world.db.query<{ id: string }>(
      `insert into app.payments (organization_id, client_id, kind, amount, due_on)
       values ($1, $2, 'extra', 9000, '2030-05-01'), ($1, $2, 'balance', 145000, '2030-06-01') returning id`,
      [supplier.organizationId, clientId],
    );
    const lineOf = async (id: string | undefined) => {
      const [row] = await world.db.query<{ state: string; local_time: string | null; code: string }>(
        `select s.state, s.local_time, s.reason ->> 'code' as code from app.journey_step_executions s
         join app.journey_executions e on e.id = s.execution_id where e.client_id = $1 and e.trigger_ref = $2`,
        [clientId, id],
      );
      return row;
    };
    await eventually('both are planned', async () => {
      const lines = await Promise.all([lineOf(payment?.id), lineOf(other?.id)]);
      return lines.every((line) => line?.state === 'planned');
    });
    await world.db.query(`update app.payments set status = 'cancelled' where id = $1`, [payment?.id]);
    await eventually(
      'nothing is planned for the one that was cancelled',
      async () => (await lineOf(payment?.id))?.code === 'anchor_missing',
    );
    expect(await lineOf(payment?.id)).toMatchObject({ state: 'waiting', local_time: null });
    expect(await lineOf(other?.id)).toMatchObject({ state: 'planned', local_time: '2030-05-25T10:00' });
  });
});
