import { setTimeout as delay } from 'node:timers/promises';

import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { NextAction } from '../../activities/next-action.ts';
import { createPlanAhead } from '../../activities/plan-ahead.ts';
import { createPlanStep } from '../../activities/plan-step.ts';
import { lockExecution } from '../../db/step-effects.ts';
import { withTenant } from '../../db/tenant.ts';
import type { ExecutionHead } from '../../db/enrolments.ts';
import type { JourneyWorkflows } from '../../worker/journey-workflows.ts';
import { relayOnce, type RelayOptions } from '../../worker/relay.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createSupplier, type Supplier } from '../support/world.ts';

let db: TestDatabase;
let supplier: Supplier;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db?.close());
beforeEach(async () => {
  await db.query(`update app.outbox set processed_at = now() where processed_at is null`);
  supplier = await createSupplier(db, [
    {
      schema: 1,
      name: 'Booked',
      starts: { on: 'client.booked' },
      stops: [{ on: 'client.cancelled' }],
      steps: [{ key: 'call', type: 'task', title: 'Call', when: { anchor: 'wedding_date' } }],
    },
    {
      schema: 1,
      name: 'Paid',
      starts: { on: 'payment.succeeded', match: { kind: 'balance' }, reEntry: 'per_trigger' },
      steps: [{ key: 'thanks', type: 'task', title: 'Say thanks' }],
    },
    {
      schema: 1,
      name: 'Full days only',
      starts: { on: 'client.booked', onlyIf: { field: 'client.tags', has: 'full_day' } },
      steps: [{ key: 'call', type: 'task', title: 'Call' }],
    },
  ]);
});

/** A Temporal that remembers what it was asked, and whose process dies when told to. */
function fakeWorkflows(dieAt?: 'before_start' | 'after_start') {
  const running = new Set<string>();
  const starts: string[] = [];
  const wakes: string[] = [];
  const plans: (NextAction | null | undefined)[] = [];
  const workflows: JourneyWorkflows = {
    async start({ executionId }: ExecutionHead) {
      if (dieAt === 'before_start') throw new Error('killed');
      starts.push(executionId);
      running.add(executionId);
      if (dieAt === 'after_start') throw new Error('killed');
    },
    startBatch: async () => {},
    async wake(_organizationId, executionId, _eventId, plan) {
      wakes.push(executionId);
      plans.push(plan);
      return running.has(executionId);
    },
  };
  return { workflows, running, starts, wakes, plans };
}

const options = (workflows: JourneyWorkflows, more: Partial<RelayOptions> = {}): RelayOptions => ({
  relayDatabase: db.relay,
  workerDatabase: db.worker,
  workflows,
  log: pino({ level: 'silent' }),
  clock: async () => new Date(),
  ...more,
});

const drain = async (relay: RelayOptions): Promise<void> => {
  while ((await relayOnce(relay)) > 0);
};
const executionsOf = (clientId: string) =>
  db.query<{ id: string; name: string; stopped_at: Date | null }>(
    `select e.id, j.name, e.stopped_at from app.journey_executions e join app.journeys j on j.id = e.journey_id
     where e.client_id = $1 order by j.name`,
    [clientId],
  );
const pending = async (): Promise<number> =>
  (await db.query(`select id from app.outbox where processed_at is null`)).length;
/** Couples that some program writes in one statement. */
const bookCrowd = async ({ organizationId }: Supplier, couples: number): Promise<string[]> => {
  const rows = await db.query<{ id: string }>(
    `insert into app.clients (organization_id, partner_1_name, status, wedding_date)
     select $1, 'Ana ' || n, 'booked', '2030-06-15' from generate_series(1, $2::int) n returning id`,
    [organizationId, couples],
  );
  return rows.map(({ id }) => id);
};
const makeAvailable = (): Promise<unknown> =>
  db.query(`update app.outbox set available_at = now(), locked_until = null where processed_at is null`);

describe('the relay', () => {
  test('starts the journeys of an event once, however often the event comes', async () => {
    const clientId = await supplier.book();
    const { workflows, starts, wakes } = fakeWorkflows();
    await drain(options(workflows));
    const [execution, ...others] = await executionsOf(clientId);
    expect(others).toEqual([]);
    expect(execution?.name).toBe('Booked');
    // What else was written about the couple at once is read when the journey begins.
    expect(wakes).toEqual([]);
    await db.query(`update app.outbox set processed_at = null, locked_until = null where client_id = $1`, [clientId]);
    await drain(options(workflows));
    expect(await executionsOf(clientId)).toHaveLength(1);
    expect(new Set(starts)).toEqual(new Set([execution?.id]));
  });

  test.each(['before_start', 'after_start'] as const)(
    'that dies %s of a workflow loses and doubles nothing',
    async (dieAt) => {
      const clientId = await supplier.book();
      await relayOnce(options(fakeWorkflows(dieAt).workflows));
      expect(await pending()).toBeGreaterThan(0);
      await makeAvailable();
      const { workflows, starts } = fakeWorkflows();
      await drain(options(workflows));
      const executions = await executionsOf(clientId);
      expect(executions).toHaveLength(1);
      expect(starts).toContain(executions[0]?.id);
      expect(await pending()).toBe(0);
    },
  );

  test('that died with a lease is followed by another when the lease is over', async () => {
    const clientId = await supplier.book();
    const hanging = Promise.withResolvers<void>();
    const dead = options(
      { start: () => hanging.promise, startBatch: async () => {}, wake: async () => true },
      { leaseMs: 1_000 },
    );
    const never = relayOnce(dead);
    const { workflows, starts } = fakeWorkflows();
    await drain(options(workflows));
    expect(starts).toEqual([]);
    const deadline = performance.now() + 10_000;
    while (starts.length === 0 && performance.now() < deadline) {
      await drain(options(workflows));
      await delay(50);
    }
    expect(starts).toContain((await executionsOf(clientId))[0]?.id);
    hanging.resolve();
    await never;
  });

  test('two at once share the work and keep the order of one couple', async () => {
    const clients = await Promise.all(Array.from({ length: 12 }, () => supplier.book()));
    for (const clientId of clients) {
      await db.query(`update app.clients set status = 'cancelled' where id = $1`, [clientId]);
    }
    const { workflows, starts } = fakeWorkflows();
    await Promise.all([drain(options(workflows, { batchSize: 5 })), drain(options(workflows, { batchSize: 5 }))]);
    await drain(options(workflows));
    for (const clientId of clients) {
      const [execution] = await executionsOf(clientId);
      expect(execution?.stopped_at).not.toBeNull();
    }
    expect(starts).toHaveLength(clients.length);
  });

  test('starts a journey for each payment of the kind that it asks for', async () => {
    const clientId = await supplier.book();
    for (const kind of ['balance', 'deposit', 'balance']) {
      await db.query(
        `insert into app.payments (organization_id, client_id, kind, amount, status) values ($1, $2, $3, 100, 'succeeded')`,
        [supplier.organizationId, clientId, kind],
      );
    }
    await drain(options(fakeWorkflows().workflows));
    expect((await executionsOf(clientId)).map(({ name }) => name)).toEqual(['Booked', 'Paid', 'Paid']);
  });

  test('asks the condition of a start when the event comes', async () => {
    const clientId = await supplier.book({ status: 'lead' });
    await db.query(`update app.clients set status = 'booked', tags = '{full_day}' where id = $1`, [clientId]);
    await drain(options(fakeWorkflows().workflows));
    expect((await executionsOf(clientId)).map(({ name }) => name)).toEqual(['Booked', 'Full days only']);
  });

  test('wakes an execution whose facts changed, and starts it again where Temporal does not know it', async () => {
    const clientId = await supplier.book();
    const first = fakeWorkflows();
    await drain(options(first.workflows));
    await db.query(`update app.clients set wedding_date = '2031-05-03' where id = $1`, [clientId]);
    await drain(options(first.workflows));
    const [execution] = await executionsOf(clientId);
    expect(first.wakes).toEqual([execution?.id]);
    expect(first.starts).toEqual([execution?.id]);

    const forgetful = fakeWorkflows();
    await db.query(`update app.clients set wedding_date = '2031-06-07' where id = $1`, [clientId]);
    await drain(options(forgetful.workflows));
    expect(forgetful.starts).toEqual([execution?.id]);
  });

  describe('plans for a workflow before it tells it', () => {
    const clock = async (): Promise<Date> => new Date();
    const planning = (workflows: JourneyWorkflows, more: Partial<RelayOptions> = {}): RelayOptions =>
      options(workflows, { clock, planAhead: createPlanAhead({ database: db.worker, clock }), ...more });
    /** A couple whose execution runs and has planned once, as its workflow does. */
    const begun = async (fake: ReturnType<typeof fakeWorkflows>): Promise<{ clientId: string; id: string }> => {
      const clientId = await supplier.book();
      await drain(planning(fake.workflows));
      const [{ id } = { id: '' }] = await executionsOf(clientId);
      await createPlanStep({ database: db.worker, clock })({ ...supplier, executionId: id });
      return { clientId, id };
    };
    const moveTo = (clientId: string, on: string): Promise<unknown> =>
      db.query(`update app.clients set wedding_date = $2 where id = $1`, [clientId, on]);
    const serialOf = async (id: string): Promise<number | undefined> =>
      (
        await db.query<{ serial: number }>(`select plan_serial as serial from app.journey_executions where id = $1`, [
          id,
        ])
      )[0]?.serial;
    const dueOn = async (id: string): Promise<string | undefined> =>
      (
        await db.query<{ day: string }>(
          `select left(local_time, 10) as day from app.journey_step_executions where execution_id = $1`,
          [id],
        )
      )[0]?.day;

    test('with the plan that is written down, each newer than the one before', async () => {
      const fake = fakeWorkflows();
      const { clientId, id } = await begun(fake);
      const before = (await serialOf(id)) ?? 0;
      for (const [turn, on] of ['2031-05-03', '2031-06-07'].entries()) {
        await moveTo(clientId, on);
        await drain(planning(fake.workflows));
        const plan = fake.plans.at(-1);
        expect(plan).toMatchObject({ kind: 'wait', serial: before + turn + 1, visible: { weddingOn: on } });
        expect(await serialOf(id)).toBe(before + turn + 1);
        expect(await dueOn(id)).toBe(on);
        expect(JSON.stringify(plan).length).toBeLessThanOrEqual(2_048);
      }
    });

    test('and dies before it could tell: another plans anew, newer than the first', async () => {
      const fake = fakeWorkflows();
      const { clientId, id } = await begun(fake);
      await moveTo(clientId, '2031-05-03');
      const dying: JourneyWorkflows = {
        ...fake.workflows,
        wake: async () => {
          throw new Error('killed');
        },
      };
      await drain(planning(dying));
      const lost = await serialOf(id);
      expect(await pending()).toBeGreaterThan(0);
      await makeAvailable();
      await drain(planning(fake.workflows));
      expect(await pending()).toBe(0);
      expect(fake.plans.at(-1)?.serial).toBeGreaterThan(lost ?? 0);
    });

    test.each([
      ['a step is on its way', `update app.journey_step_executions set attempts = 1, started_at = now()`],
      ['it has not planned yet', `update app.journey_executions set planned_at = null`],
    ])('not where %s: it hears without a plan, and nothing is written', async (_why, change) => {
      const fake = fakeWorkflows();
      const { clientId, id } = await begun(fake);
      const before = await dueOn(id);
      await db.query(`${change} where ${change.includes('step_exec') ? 'execution_id' : 'id'} = $1`, [id]);
      const serial = await serialOf(id);
      await moveTo(clientId, '2031-05-03');
      await drain(planning(fake.workflows));
      expect([fake.wakes.at(-1), fake.plans.at(-1)]).toEqual([id, null]);
      expect([await serialOf(id), await dueOn(id)]).toEqual([serial, before]);
    });

    test('not where somebody holds the execution, whom it does not wait for; not where planning fails', async () => {
      const fake = fakeWorkflows();
      const { clientId, id } = await begun(fake);
      await moveTo(clientId, '2031-05-03');
      await withTenant(db.worker, { ...supplier, actor: 'test' }, async (trx) => {
        await lockExecution(trx, id);
        // Answered once the row is held.
        await sql`select 1`.execute(trx);
        await drain(planning(fake.workflows));
      });
      expect([fake.wakes.at(-1), fake.plans.at(-1)]).toEqual([id, null]);

      await moveTo(clientId, '2031-06-07');
      const failing = async (): Promise<never> => Promise.reject(new Error('The plan cannot be made.'));
      await drain(planning(fake.workflows, { planAhead: failing }));
      expect([fake.wakes.length, fake.plans.at(-1)]).toEqual([2, null]);
      expect(await pending()).toBe(0);
    });

    test('not for a crowd, behind whose plans everybody else would wait', async () => {
      const crowd = await bookCrowd(supplier, 30);
      const fake = fakeWorkflows();
      await drain(options(fake.workflows));
      let asked = 0;
      const counted = async (): Promise<null> => {
        asked += 1;
        return null;
      };
      await db.query(`update app.clients set wedding_date = '2031-05-03' where id = any ($1)`, [crowd]);
      await drain(planning(fake.workflows, { planAhead: counted }));
      expect([fake.wakes.length, asked]).toEqual([crowd.length, 0]);
      // What concerns everybody is one event.
      await db.query(
        `insert into app.organization_settings (organization_id, default_time) values ($1, '11:00')
         on conflict (organization_id) do update set default_time = '11:00'`,
        [supplier.organizationId],
      );
      await drain(planning(fake.workflows, { planAhead: counted }));
      expect([fake.wakes.length, asked]).toEqual([2 * crowd.length, 0]);
      await moveTo(crowd[0] ?? '', '2031-06-07');
      await drain(planning(fake.workflows, { planAhead: counted }));
      expect(asked).toBe(1);
    });
  });

  test('puts an event aside for a person after twenty attempts, and goes on with the others', async () => {
    const stuck = await supplier.book();
    const other = await createSupplier(db, [
      {
        schema: 1,
        name: 'Other',
        starts: { on: 'client.booked' },
        steps: [{ key: 'call', type: 'task', title: 'Call' }],
      },
    ]);
    const fine = await other.book();
    const { workflows, starts } = fakeWorkflows();
    const failing: JourneyWorkflows = {
      ...workflows,
      start: async (head) => {
        if (head.clientId === stuck) throw new Error('no');
        await workflows.start(head);
      },
    };
    await db.query(`update app.outbox set attempts = 18 where client_id = $1`, [stuck]);
    await drain(options(failing));
    await makeAvailable();
    await drain(options(failing));
    const rows = await db.query<{ parked: boolean; last_error: string | null }>(
      `select parked_at is not null as parked, last_error from app.outbox where client_id = $1 and parked_at is not null`,
      [stuck],
    );
    expect(rows).toContainEqual({ parked: true, last_error: 'no' });
    expect(starts).toEqual([(await executionsOf(fine))[0]?.id]);
  });

  test('looks after a crowd together, and a couple whose rows cannot be written does not hold the others', async () => {
    const clients = await bookCrowd(supplier, 30);
    const [unlucky] = clients;
    await db.query(
      `create function app.refuse_couple() returns trigger language plpgsql as $$
       begin if new.client_id = '${unlucky}' then raise 'no place for this couple'; end if; return new; end $$`,
    );
    await db.query(
      `create trigger refuse_couple before insert on app.journey_executions
         for each row execute function app.refuse_couple()`,
    );
    const { workflows, starts } = fakeWorkflows();
    await drain(options(workflows));
    expect(new Set(starts).size).toBe(clients.length - 1);
    expect(await executionsOf(unlucky ?? '')).toEqual([]);
    const left = await db.query(
      `select distinct client_id, max(last_error) over () as error from app.outbox where processed_at is null`,
    );
    expect(left).toEqual([
      { client_id: unlucky, error: expect.stringContaining('no place for this couple') as string },
    ]);

    await db.query(`drop trigger refuse_couple on app.journey_executions`);
    await makeAvailable();
    await drain(options(workflows));
    expect(await executionsOf(unlucky ?? '')).toHaveLength(1);
    expect(await pending()).toBe(0);
  });

  test('asks before each couple of a crowd whether the workers have come after, and holds nobody who comes alone', async () => {
    const { workflows, starts } = fakeWorkflows();
    let asked = 0;
    const gated = options(workflows, {
      crowdGate: async () => {
        // Asked before it begins, not afterwards.
        expect(starts.length).toBeLessThanOrEqual(asked);
        asked += 1;
      },
    });
    await supplier.book();
    await drain(gated);
    expect([asked, starts.length]).toEqual([0, 1]);
    starts.length = 0;
    const crowd = await bookCrowd(supplier, 30);
    await drain(gated);
    expect(asked).toBe(crowd.length);
    expect(new Set(starts).size).toBe(crowd.length);
  });

  test('has organizations take turns: a crowd of one is not before everybody else', async () => {
    await bookCrowd(supplier, 60);
    const other = await createSupplier(db, [
      {
        schema: 1,
        name: 'Other',
        starts: { on: 'client.booked' },
        steps: [{ key: 'call', type: 'task', title: 'Call' }],
      },
    ]);
    const clientId = await other.book();
    const { workflows, starts } = fakeWorkflows();
    await relayOnce(options(workflows, { batchSize: 10 }));
    expect(starts).toContain((await executionsOf(clientId))[0]?.id);
    expect(await pending()).toBeGreaterThan(0);
  });

  test('is not held up by one couple: the others go on meanwhile', async () => {
    const slow = await supplier.book();
    const quick = await supplier.book();
    const { workflows, starts } = fakeWorkflows();
    const quickStarted = Promise.withResolvers<void>();
    const waiting: JourneyWorkflows = {
      ...workflows,
      start: async (head) => {
        // Whoever does one couple after the other never comes to the quick one.
        if (head.clientId === slow) await quickStarted.promise;
        await workflows.start(head);
        if (head.clientId === quick) quickStarted.resolve();
      },
    };
    await drain(options(waiting));
    expect(new Set(starts)).toEqual(
      new Set([...(await executionsOf(slow)), ...(await executionsOf(quick))].map(({ id }) => id)),
    );
  });

  test('counts no attempt against an event while Temporal or the database is away', async () => {
    const clientId = await supplier.book();
    const { workflows, starts } = fakeWorkflows();
    const away: JourneyWorkflows = {
      ...workflows,
      start: async () => {
        throw new Error('Failed to start Workflow', {
          cause: Object.assign(new Error('14 UNAVAILABLE'), { code: 14 }),
        });
      },
    };
    for (let outage = 0; outage < 25; outage += 1) {
      await expect(relayOnce(options(away))).rejects.toThrow('Failed to start Workflow');
      await makeAvailable();
    }
    const parked = await db.query(`select id from app.outbox where client_id = $1 and parked_at is not null`, [
      clientId,
    ]);
    expect(parked).toEqual([]);
    const worst = await db.query(
      `select max(attempts) as attempts from app.outbox where client_id = $1 and processed_at is null`,
      [clientId],
    );
    expect(worst).toEqual([{ attempts: 0 }]);
    await drain(options(workflows));
    expect(starts).toHaveLength(1);
    expect(await pending()).toBe(0);
  });
});
