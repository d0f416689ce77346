import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { wedsync, type Ran } from './run-wedsync.ts';

let db: TestDatabase;
let ids: string[];
beforeAll(async () => {
  db = await createTestDatabase();
  await db.query(
    `with o as (insert into app.organizations (name, slug) values ('Alder and Finch', 'alder') returning id)
     insert into app.clients (organization_id, status, partner_1_name) select id, 'booked', 'Ana' from o`,
  );
  ids = (await db.query<{ id: string }>(`select id::text from app.outbox order by id`)).map(({ id }) => id);
  await db.query(
    `update app.outbox set parked_at = now(), attempts = 20, last_error = 'no such journey' where id = $1`,
    [ids[0]],
  );
});
afterAll(() => db?.close());

const run = (...args: string[]): Promise<Ran> => wedsync(['outbox', ...args], { env: { DATABASE_URL: db.adminUrl } });
const listed = z.array(z.object({ id: z.string(), state: z.string(), attempts: z.int() }));

describe('wedsync outbox', () => {
  test('shows what waits and what was put aside, without a word about the couple', async () => {
    const { code, stdout } = await run('list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/client\.\w+.*parked.*20.*no such journey/);
    expect(stdout).not.toContain('Ana');
    const parked = listed.parse(JSON.parse((await run('list', '--parked', '--json')).stdout));
    expect(parked).toEqual([{ id: ids[0], state: 'parked', attempts: 20 }]);
  });

  test('an event is put aside, and tried again with all its attempts before it', async () => {
    expect(await run('park', ids[1] ?? '')).toMatchObject({ code: 0, stdout: '1 event put aside.\n' });
    expect(await run('retry', '--all-parked')).toMatchObject({ code: 0, stdout: '2 events will be tried again.\n' });
    const rows = await db.query(`select from app.outbox where parked_at is not null or attempts > 0`);
    expect(rows).toEqual([]);
  });

  test('says which events wait no longer: exit code 1', async () => {
    const { code, stderr } = await run('retry', '999999999');
    expect(code).toBe(1);
    expect(stderr).toContain('Not waiting (unknown, processed or being processed): 999999999');
  });

  test.each([
    ['no id', ['retry'], 'their ids, or --all-parked'],
    ['an id that is no number', ['park', 'x1'], 'An id is a number'],
  ])('%s: exit code 2 and what to do', async (_what, args, message) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
