import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createPlanStep } from '../../activities/plan-step.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createSupplier, type Supplier } from '../support/world.ts';
import { wedsync, type Ran } from './run-wedsync.ts';

let db: TestDatabase;
let supplier: Supplier;
let slug: string;
beforeAll(async () => {
  db = await createTestDatabase();
  supplier = await createSupplier(db, [
    {
      schema: 1,
      name: 'By hand',
      starts: { on: 'client.booked' },
      steps: [{ key: 'call', type: 'task', title: 'Call', when: { anchor: 'wedding_date' } }],
    },
    {
      schema: 1,
      name: 'Week before',
      starts: { on: 'client.booked' },
      steps: [
        {
          key: 'remind',
          type: 'email',
          template: 'reminder',
          when: { anchor: 'wedding_date', offset: { days: -7 } },
          purpose: 'transactional',
        },
      ],
    },
    {
      schema: 1,
      name: 'With an album',
      starts: { on: ['client.booked', 'payment.succeeded'], onlyIf: { field: 'client.tags', has: 'album' } },
      steps: [{ key: 'choose', type: 'task', title: 'Choose', when: { anchor: 'journey_start' } }],
    },
  ]);
  const [row] = await db.query<{ slug: string }>(`select slug from app.organizations where id = $1`, [
    supplier.organizationId,
  ]);
  slug = row?.slug ?? '';
});
afterAll(() => db?.close());

const run = (...args: string[]): Promise<Ran> =>
  wedsync(['executions', ...args, '--organization', slug], { env: { DATABASE_URL: db.adminUrl } });
const nobody = randomUUID();

describe('wedsync executions', () => {
  test('enrol: a rehearsal changes nothing, then each couple once, and batches tells of it', async () => {
    const clientId = await supplier.book({ status: 'lead' });
    const enrol = ['enrol', '--journey', 'By hand', '--client', clientId];
    const rehearsal = await run(...enrol, '--dry-run');
    expect(rehearsal).toMatchObject({ code: 0 });
    expect(rehearsal.stdout).toContain('1 couple would be put on the journey.');
    expect(rehearsal.stdout).toMatch(/first call on 2030-06-15T/);
    expect((await run('batches')).stdout).toBe('None.\n');
    const done = await run(...enrol, '--no-wait');
    expect(done.stdout).toContain('1 couple put on the journey.');
    expect((await run('batches')).stdout).toMatch(/By hand.*cli.*0\/1.*beginning/);
    expect((await run(...enrol, '--no-wait')).stdout).toContain('Passed over, because on it now or before: 1.');
  });

  test('list of one couple: the journeys that have not begun stand below, with what they wait for', async () => {
    const clientId = await supplier.book({ status: 'lead' });
    const list = ['list', '--client', clientId];
    const notBegun = (await run(...list)).stdout;
    expect(notBegun).toBe(
      `None.

Not begun:
  By hand: Begins with the booking.
  Week before: Begins with the booking.
  With an album: Begins with the booking or the payment, but its condition on the couple's tags does not hold.
`,
    );
    await db.query(`update app.clients set tags = '{album}' where id = $1`, [clientId]);
    expect((await run(...list)).stdout).toContain('With an album: Begins with the booking or the payment.\n');
    await run('enrol', '--journey', 'With an album', '--client', clientId, '--no-wait');
    const begun = (await run(...list)).stdout;
    expect(begun).toMatch(/^Execution .*\n.*With an album v1/);
    expect(begun.slice(begun.indexOf('Not begun:'))).not.toContain('With an album');
  });

  test('move-date: what would be past is told, and answered for all of it at once', async () => {
    const clientId = await supplier.book({ status: 'lead' });
    await run('enrol', '--journey', 'Week before', '--client', clientId, '--no-wait');
    const soon = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
    const move = ['move-date', clientId, soon];
    expect((await run(...move, '--dry-run')).stdout).toMatch(/remind: would be past on .*, its rule says skip/);
    const moved = await run(...move, '--past', 'send');
    expect(moved).toMatchObject({ code: 0 });
    const answers = await db.query(
      `select a.step_key, a.decision from app.approvals a join app.journey_executions e on e.id = a.execution_id
       where e.client_id = $1`,
      [clientId],
    );
    expect(answers).toEqual([{ step_key: 'remind', decision: 'approved' }]);
  });

  test('a command is answered with the new state: what is next, when, and why', async () => {
    const clientId = await supplier.book({ status: 'lead' });
    await run('enrol', '--journey', 'Week before', '--client', clientId, '--no-wait');
    const [execution] = await db.query<{ id: string }>(`select id from app.journey_executions where client_id = $1`, [
      clientId,
    ]);
    const id = execution?.id ?? '';
    const paused = await run('pause', id, '--reason', 'on holiday');
    expect(paused).toMatchObject({ code: 0 });
    expect(paused.stdout).toBe(
      'Paused: on holiday\nNow paused. Next: remind (email), Sat 2030-06-08 09:00 Europe/London. Goes as planned.\n',
    );
    const resumed = await run('resume', id, '--json');
    expect(JSON.parse(resumed.stdout)).toMatchObject({
      ok: true,
      state: { status: 'active', isDue: false, next: { key: 'remind', state: 'planned', reason: { code: 'on_time' } } },
    });
    await createPlanStep({ database: db.worker, clock: async () => new Date() })({ ...supplier, executionId: id });
    const edited = await run('edit', id, 'remind', '--content', '<p>Only for you</p>');
    expect(edited.stdout).toBe(
      '"remind" has its own words for this couple.\nNow active. Next: remind (email), Sat 2030-06-08 09:00 Europe/London. Goes as planned.\n',
    );
    expect((await run('edit', id, 'remind', '--as-template')).stdout).toContain(`"remind" has the template's words.\n`);
    expect((await run('stop', id)).stdout).toContain('\nNow stopped. Nothing is ahead.\n');
    const refused = await run('pause', randomUUID());
    expect(refused).toMatchObject({ code: 1, stdout: '' });
  });

  test.each([
    ['an execution', ['pause', 'the-first'], '"the-first" is no id of an execution.', 2],
    ['an unknown execution', ['pause', nobody], `There is no execution ${nobody}.`, 1],
    ['a step', ['skip', nobody, 'Step One'], '"Step One" names no step', 2],
    ['an instant', ['reschedule', nobody, 'call', 'tomorrow'], '"tomorrow" is no instant', 2],
    ['words', ['edit', nobody, 'remind'], 'Say what is to be written', 2],
    ['a version', ['migrate', nobody, '--to', 'two'], '"two" is no whole number', 2],
    ['a limit', ['list', '--limit', '-1'], '"-1" is no whole number', 2],
    ['a state', ['list', '--status', 'asleep'], '"asleep" is no state', 2],
    ['a couple', ['enrol', '--journey', 'By hand', '--client', 'Ana'], '"Ana" is no id of a couple', 2],
    ['an unknown couple', ['enrol', '--journey', 'By hand', '--client', nobody], `There is no couple ${nobody}.`, 1],
    ['a day', ['enrol', '--journey', 'By hand', '--wedding-from', '2027-02-30'], '"2027-02-30" is no date', 2],
    ['a journey', ['enrol', '--journey', 'Nope', '--status', 'lead'], 'There is no journey "Nope".', 1],
    ['nobody', ['enrol', '--journey', 'By hand'], 'Name couples', 2],
    ['an answer for the past', ['move-date', nobody, '2027-05-01', '--past', 'ask'], '"ask" is no answer', 2],
    ['an answer', ['resume', nobody, '--late', 'maybe'], '"maybe" is no answer', 2],
    ['two things to hold', ['hold', '--all', '--channel', 'email'], 'Name one thing', 2],
    ['a channel', ['hold', '--channel', 'pigeon'], '"pigeon" is no channel', 2],
  ])('bad input is told in a sentence: %s', async (_what, args, message, code) => {
    const ran = await run(...args);
    expect(ran.stderr.toLowerCase()).toContain(message.toLowerCase());
    expect(ran.code).toBe(code);
    expect(ran.stderr).not.toMatch(/\n\s+at /);
  });
});
