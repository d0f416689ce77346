import { describe, expect, it, onTestFinished } from 'vitest';

import { migrations } from '../../db/migrations/index.ts';
import { createTestDatabase } from '../support/postgres.ts';
import { wedsync } from './run-wedsync.ts';

const NAMES = Object.keys(migrations);
const LAST = NAMES.at(-1) ?? '';

describe('wedsync migrate', () => {
  it('brings an empty database up, says so, and takes the newest back', async () => {
    const db = await createTestDatabase({ empty: true });
    onTestFinished(() => db.close());
    const env = { DATABASE_URL: db.adminUrl };
    const before = await wedsync(['migrate', 'status', '--json'], { env });
    expect(before.code).toBe(1);
    expect(JSON.parse(before.stdout)).toMatchObject({ current: false, migrations: { length: NAMES.length } });

    const up = await wedsync(['migrate', 'up'], { env });
    expect(up).toMatchObject({ code: 0, stdout: expect.stringContaining(LAST) as string });
    expect(await wedsync(['migrate', 'up'], { env })).toMatchObject({
      code: 0,
      stdout: 'The database is up to date.\n',
    });
    expect((await wedsync(['migrate', 'status'], { env })).code).toBe(0);

    expect(await wedsync(['migrate', 'down'], { env })).toMatchObject({ code: 0, stdout: `Taken back: ${LAST}\n` });
    const after = await wedsync(['migrate', 'status'], { env });
    expect(after.code).toBe(1);
    expect(after.stdout).toContain(`${LAST}  missing`);
  });

  it('refuses a database that is newer than the program, and changes nothing', async () => {
    const db = await createTestDatabase();
    onTestFinished(() => db.close());
    await db.query(`insert into ops.migrations (name, timestamp) values ('29990101T0000_later', now()::text)`);
    const ran = await wedsync(['migrate', 'up'], { env: { DATABASE_URL: db.adminUrl } });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('newer than this program: it has 29990101T0000_later');
  });

  it.each([
    ['no address', {}, 'DATABASE_URL: is not set'],
    ['no server', { DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c' }, 'cannot be used: connect ECONNREFUSED'],
    ['no such host', { DATABASE_URL: 'postgres://a:b@nowhere.invalid/c' }, 'Check host, port, name and password'],
    ['no address at all', { DATABASE_URL: 'mysql://a' }, 'is not a Postgres URL'],
  ])('says what to do where there is %s', async (_what, env, message) => {
    const ran = await wedsync(['migrate', 'status'], { env: { DATABASE_URL: '', ...env } });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain(message);
    expect(ran.stderr).not.toContain('    at ');
  });

  it('says what to do where the password is wrong', async () => {
    const db = await createTestDatabase({ empty: true });
    onTestFinished(() => db.close());
    const url = db.adminUrl.replace(/:[^:@]+@/, ':guess@');
    const ran = await wedsync(['migrate', 'up'], { env: { DATABASE_URL: url } });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('password authentication failed');
    expect(ran.stderr).not.toContain('guess');
  });

  it('creates no migration under a name that says nothing', async () => {
    const ran = await wedsync(['migrate', 'create', 'Fix!']);
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining('no name for a migration') as string });
  });
});
