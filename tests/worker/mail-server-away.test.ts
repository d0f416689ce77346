import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startWorker, type RunningWorker } from '../../worker/start-worker.ts';
import { journeyState } from '../../workflows/messages.ts';
import { eventually } from '../support/eventually.ts';
import { connectClient } from '../support/temporal.ts';
import { createSupplier, createWorld, type World } from '../support/world.ts';

let world: World;
let worker: RunningWorker;

beforeAll(async () => {
  world = await createWorld();
  // The discard port: nobody listens there.
  worker = await startWorker({ ...world.workerOptions, smtpUrl: 'smtp://127.0.0.1:9' });
});
afterAll(async () => {
  await worker.stop();
  await world.close();
});

describe('a mail server that is away', () => {
  it('puts the mail off as planned; rows and Temporal say when it is tried again, and why', async () => {
    const supplier = await createSupplier(world.db, [
      {
        schema: 1,
        name: 'Welcome',
        starts: { on: 'client.booked' },
        steps: [{ key: 'welcome', type: 'email', when: { anchor: 'journey_start' }, template: 'welcome' }],
      },
    ]);
    const clientId = await supplier.book();

    const step = await eventually('the mail is put off', async () => {
      const [row] = await world.db.query<{
        workflow: string;
        state: string;
        code: string;
        problem: string;
        next: Date | null;
      }>(
        `select e.workflow_id as workflow, x.state, x.reason ->> 'code' as code, x.reason ->> 'problem' as problem,
                x.next_attempt_at as next
           from app.journey_step_executions x join app.journey_executions e on e.id = x.execution_id
          where e.client_id = $1 and x.next_attempt_at is not null`,
        [clientId],
      );
      return row;
    });
    expect(step).toMatchObject({ state: 'planned', code: 'retry', problem: 'Not sent: the connection failed.' });

    const client = await connectClient(world.temporal.address);
    const shown = await client.workflow.getHandle(step.workflow).query(journeyState);
    expect(shown).toMatchObject({ kind: 'wait', untilMs: step.next?.getTime() });
    expect(shown).toHaveProperty(
      'summary',
      expect.stringContaining('Will be tried again; 1 attempt did not get through (Not sent: the connection failed).'),
    );
    await client.connection.close();

    const messages = await world.db.query(`select status from app.communications where client_id = $1`, [clientId]);
    expect(messages).toEqual([{ status: 'queued' }]);
  });
});
