import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { eventually } from '../support/eventually.ts';
import { mailsTo } from '../support/mails.ts';
import { createSupplier, createWorld, type Supplier, type World } from '../support/world.ts';
import { startChild, type Child } from './support/child-process.ts';
import { FULL, WORKED_OFF_MS } from './support/scale.ts';

const COUPLES = FULL ? 120 : 24;
const HOUR_MS = 3_600_000;

let world: World;
let supplier: Supplier;

beforeAll(async () => {
  world = await createWorld();
  const at = { anchor: 'journey_start' };
  const mail = { type: 'email', purpose: 'transactional' };
  supplier = await createSupplier(world.db, [
    {
      schema: 1,
      name: 'Three steps',
      starts: { on: 'client.booked' },
      steps: [
        { ...mail, key: 'welcome', template: 'welcome', when: at },
        { key: 'call', type: 'task', title: 'Call', when: at },
        { ...mail, key: 'second', template: 'reminder', when: at },
        { ...mail, key: 'tomorrow', template: 'reminder', when: { ...at, offset: { days: 1 } } },
      ],
    },
  ]);
});
afterAll(() => world?.close());

interface Counts {
  executions: number;
  sent: number;
  unknown: number;
  tasks: number;
}
async function counts(clientIds: readonly string[]): Promise<Counts> {
  const [row] = await world.db.query<Counts>(
    `select (select count(*)::int from app.journey_executions where client_id = any($1)) as executions,
            (select count(*)::int from app.communications where client_id = any($1) and status = 'sent') as sent,
            (select count(*)::int from app.communications where client_id = any($1) and status = 'unknown') as unknown,
            (select count(*)::int from app.tasks where client_id = any($1)) as tasks`,
    [clientIds],
  );
  return row ?? { executions: 0, sent: 0, unknown: 0, tasks: 0 };
}

describe('more than one process at the same work', { timeout: 600_000 }, () => {
  test('three workers, each with a relay, one of them killed in the middle: each step once', async () => {
    const workers: Child[] = await Promise.all(
      [1, 2, 3].map(() => startChild('worker-child', { ...world.workerOptions, sendTimeoutMs: 8_000 })),
    );
    onTestFinished(async () => void (await Promise.all(workers.map((one) => one.kill()))));
    const clientIds: string[] = [];
    for (let index = 0; index < COUPLES; index += 1)
      clientIds.push(await supplier.book({ email: `crowd.${index}@example.com` }));
    await eventually('some mails have gone', async () => (await counts(clientIds)).sent > COUPLES / 4, WORKED_OFF_MS);
    await workers[0]?.kill();
    await eventually(
      'every step has ended',
      async () => {
        const { executions, sent, unknown, tasks } = await counts(clientIds);
        return executions === COUPLES && tasks === COUPLES && sent + unknown === 2 * COUPLES;
      },
      WORKED_OFF_MS,
    );
    const { unknown } = await counts(clientIds);
    let arrived = 0;
    for (let index = 0; index < COUPLES; index += 1) {
      const mails = await mailsTo(world, `crowd.${index}@example.com`);
      expect(mails.length).toBeLessThanOrEqual(2);
      expect(new Set(mails.map(({ subject }) => subject)).size).toBe(mails.length);
      arrived += mails.length;
    }
    // What the killed one had in its hands is called unknown, and nothing else.
    expect(2 * COUPLES - arrived).toBeLessThanOrEqual(unknown);
  });

  test.each(FULL ? [26, -26] : [-26])(
    'a worker whose machine is %i hours off: steps come by the time of the database',
    async (hours) => {
      const worker = await startChild('worker-child', world.workerOptions, hours * HOUR_MS);
      onTestFinished(() => worker.kill());
      const email = `clock.${hours > 0 ? 'ahead' : 'behind'}@example.com`;
      const clientId = await supplier.book({ email });
      await eventually(
        'its steps of today have ended',
        async () => (await counts([clientId])).sent === 2,
        WORKED_OFF_MS,
      );
      const [row] = await world.db.query<{ late: boolean; on_time: boolean; planned: boolean }>(
        `select bool_or(c.sent_at not between now() - interval '5 minutes' and now() + interval '1 second') as late,
              (select e.started_at between now() - interval '5 minutes' and now()
                 from app.journey_executions e where e.client_id = $1) as on_time,
              (select s.state = 'planned' and s.due_at between now() + interval '23 hours' and now() + interval '25 hours'
                 from app.journey_step_executions s join app.journey_executions e on e.id = s.execution_id
                where e.client_id = $1 and s.step_key = 'tomorrow') as planned
         from app.communications c where c.client_id = $1 and c.status = 'sent'`,
        [clientId],
      );
      expect(row).toEqual({ late: false, on_time: true, planned: true });
      expect(await mailsTo(world, email)).toHaveLength(2);
    },
  );
});
