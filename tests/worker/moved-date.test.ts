import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { connectClient } from '../support/temporal.ts';
import { eventually } from '../support/eventually.ts';
import { createSupplier, createWorld, type World } from '../support/world.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
});
afterAll(() => world?.close());

const journey = {
  schema: 1,
  name: 'Before the day',
  starts: { on: 'client.booked' },
  steps: [
    {
      key: 'week',
      type: 'email',
      name: 'One week',
      when: { anchor: 'wedding_date', offset: { days: -7 } },
      template: 'reminder',
    },
    { key: 'eve', type: 'task', title: 'Pack', when: { anchor: 'wedding_date', offset: { days: -1 }, at: '18:00' } },
  ],
};

interface Line {
  step_key: string;
  scheduled_for: Date;
  local_time: string;
}
const linesOf = (clientId: string): Promise<Line[]> =>
  world.db.query<Line>(
    `select s.step_key, s.scheduled_for, s.local_time from app.journey_step_executions s
     join app.journey_executions e on e.id = s.execution_id where e.client_id = $1 order by s.due_at`,
    [clientId],
  );

describe('a moved wedding date', () => {
  test('moves every unsent step and the running timer', async () => {
    const supplier = await createSupplier(world.db, [journey]);
    const clientId = await supplier.book({ weddingOn: '2030-06-15' });
    const before = await eventually('the plan is recorded', async () => {
      const lines = await linesOf(clientId);
      return lines.length === 2 && lines;
    });
    expect(before.map(({ local_time }) => local_time)).toEqual(['2030-06-08T09:00', '2030-06-14T18:00']);

    await world.db.query(`update app.clients set wedding_date = '2031-01-11' where id = $1`, [clientId]);
    const after = await eventually('the plan has moved', async () => {
      const lines = await linesOf(clientId);
      return lines[0]?.local_time === '2031-01-04T09:00' && lines;
    });
    // January in London is UTC, June was an hour ahead.
    expect(after.map(({ scheduled_for }) => scheduled_for.toISOString())).toEqual([
      '2031-01-04T09:00:00.000Z',
      '2031-01-10T18:00:00.000Z',
    ]);

    const client = await connectClient(world.temporal.address);
    const [execution] = await world.db.query<{ workflow_id: string }>(
      `select workflow_id from app.journey_executions where client_id = $1`,
      [clientId],
    );
    const handle = client.workflow.getHandle(execution?.workflow_id ?? '');
    const timers = await eventually('the timer is set anew', async () => {
      const { events = [] } = await handle.fetchHistory();
      const started = events?.filter((event) => event.timerStartedEventAttributes) ?? [];
      const cancelled = events?.filter((event) => event.timerCanceledEventAttributes) ?? [];
      return started.length === 2 && { started, cancelled };
    });
    expect(timers.cancelled).toHaveLength(1);
    await client.connection.close();
  });
});
