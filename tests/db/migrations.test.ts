import { sql } from 'kysely';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { lintMigrations } from '../../cli/dev/lint-migrations.ts';
import { schemaSnapshot } from '../../cli/dev/schema-snapshot.ts';
import { assertMigrated, migrateDown, migrateUp } from '../../db/migrate/migrate.ts';
import { run } from '../../db/migrate/statements.ts';
import { migrations, type ReversibleMigration } from '../../db/migrations/index.ts';
import { raw } from '../../db/raw.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

const NAMES = Object.keys(migrations);

async function snapshot(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await schemaSnapshot(client);
  } finally {
    await client.end();
  }
}

describe('migrations', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await createTestDatabase({ empty: true });
  });
  afterAll(() => db.close());

  it('stand in the order of their names, which say when they were written', () => {
    expect(NAMES.toSorted()).toEqual(NAMES);
    for (const name of NAMES) expect(name).toMatch(/^20\d{6}T\d{4}_[a-z0-9_]+$/);
  });

  it('can be taken back, and leave the database as it was before them; up again gives the same', async () => {
    const options = { adminUrl: db.adminUrl };
    // A look at every eighth: each further one costs as much as the migrations themselves.
    const stops = NAMES.filter((_name, index) => index % 8 === 7 || index === NAMES.length - 1);
    const seen = new Map<string, string[]>();
    for (const name of stops) {
      const upTo = NAMES.slice(0, NAMES.indexOf(name) + 1);
      await migrateUp({ ...options, migrations: Object.fromEntries(upTo.map(pick)) });
      seen.set(name, await snapshot(db.adminUrl));
    }
    const whole = seen.get(stops.at(-1) ?? '') ?? [];
    expect(whole.length).toBeGreaterThan(1000);
    const different: string[] = [];
    let at = NAMES.length;
    for (const name of stops.slice(0, -1).toReversed()) {
      const steps = at - NAMES.indexOf(name) - 1;
      expect(await migrateDown({ ...options, steps })).toHaveLength(steps);
      at -= steps;
      if ((await snapshot(db.adminUrl)).join('\n') !== seen.get(name)?.join('\n')) different.push(name);
    }
    expect(different).toEqual([]);
    await migrateDown({ ...options, steps: at });
    const left = await snapshot(db.adminUrl);
    expect(left.filter((line) => !line.startsWith('schema '))).toEqual([]);
    await migrateUp(options);
    expect(await snapshot(db.adminUrl)).toEqual(whole);

    // And every run stands in the history.
    const [counts] = await db.query<{ up: number; down: number }>(
      `select count(*) filter (where direction = 'up')::int as up, count(*) filter (where direction = 'down')::int as down
         from ops.migration_runs where status = 'succeeded' and finished_at >= started_at`,
    );
    expect(counts).toEqual({ up: 2 * NAMES.length, down: NAMES.length });
  });

  it('are clean for squawk', async () => {
    expect(await lintMigrations()).toEqual({ ok: true });
  });

  it('that would lock a large table are found by squawk', async () => {
    const bad = migrationOf(`create index too_slow on app.communications (subject)`, `drop index app.too_slow`);
    const result = await lintMigrations({ '20270101T0900_too_slow': bad });
    expect(result).toMatchObject({
      ok: false,
      report: expect.stringContaining('require-concurrent-index-creation') as string,
    });
  });
});

const pick = (name: string): [string, ReversibleMigration] => {
  const migration = migrations[name];
  if (migration === undefined) throw new Error(`${name} is not in the list`);
  return [name, migration];
};

function migrationOf(up: string, down: string): ReversibleMigration {
  return { up: (target) => run(target, up), down: (target) => run(target, down) };
}

describe('the runner', () => {
  let scratch: TestDatabase;
  beforeAll(async () => {
    scratch = await createTestDatabase({ empty: true });
  });
  afterAll(() => scratch.close());

  const first = migrationOf('create table ops.first (id integer)', 'drop table ops.first');
  const broken = migrationOf('create table ops.second (id integer); select 1 / 0', 'drop table ops.second');

  it('takes back a migration that fails, says which and why, and runs nothing after it', async () => {
    const third = migrationOf('create table ops.third (id integer)', 'drop table ops.third');
    const options = { adminUrl: scratch.adminUrl, migrations: { a: first, b: broken, c: third } };
    await expect(migrateUp(options)).rejects.toMatchObject({
      code: 'migration_failed',
      message: expect.stringMatching(/migration b .*division by zero/s) as string,
    });
    const tables = await scratch.query(`select relname from pg_class where relnamespace = 'ops'::regnamespace
      and relname in ('first', 'second', 'third')`);
    expect(tables).toEqual([{ relname: 'first' }]);
    const runs = await scratch.query(`select name, status from ops.migration_runs order by id`);
    expect(runs).toEqual([
      { name: 'a', status: 'succeeded' },
      { name: 'b', status: 'failed' },
    ]);
  });

  it('builds an index concurrently, outside a transaction, and takes it back', async () => {
    const concurrent = migrationOf(
      'create index concurrently first_id on ops.first (id)',
      'drop index concurrently ops.first_id',
    );
    const options = { adminUrl: scratch.adminUrl, migrations: { a: first, b_concurrently: concurrent } };
    expect(await migrateUp(options)).toEqual(['b_concurrently']);
    expect(await migrateDown({ ...options, steps: 1 })).toEqual(['b_concurrently']);
  });

  it('lets two programs migrate at once: one does it, the other finds it done', async () => {
    const concurrent = migrationOf(
      'create index concurrently first_id on ops.first (id)',
      'drop index concurrently ops.first_id',
    );
    const slow = migrationOf('select pg_sleep(0.3); create table ops.slow (id integer)', 'drop table ops.slow');
    const options = { adminUrl: scratch.adminUrl, migrations: { a: first, b_concurrently: concurrent, c: slow } };
    const results = await Promise.all([migrateUp(options), migrateUp(options)]);
    expect(results.toSorted((x, y) => x.length - y.length)).toEqual([[], ['b_concurrently', 'c']]);
  });

  it('gives up with a clear word where another program never ends', async () => {
    await scratch.query('select pg_advisory_lock(7205519811)');
    const waiting = migrateUp({ adminUrl: scratch.adminUrl, migrations: { a: first }, lockTimeoutMs: 0 });
    await expect(waiting).rejects.toMatchObject({ code: 'migration_locked' });
    await scratch.query('select pg_advisory_unlock(7205519811)');
  });

  it('refuses a database that is newer than the program', async () => {
    await expect(migrateUp({ adminUrl: scratch.adminUrl, migrations: { a: first } })).rejects.toMatchObject({
      code: 'database_newer',
      message: expect.stringContaining('newer than this program') as string,
    });
  });
});

describe('on a Saturday with a wedding', () => {
  it('nothing is migrated, up or down, unless somebody insists', async () => {
    const db = await createTestDatabase();
    try {
      // Whatever day it is today: the question itself has its own tests.
      await db.query(`create or replace function ops.saturday_freeze(at timestamptz default now()) returns boolean
        language sql stable security definer set search_path = pg_catalog, pg_temp as 'select true'`);
      const more = migrationOf('create table ops.more (id integer)', 'drop table ops.more');
      const options = { adminUrl: db.adminUrl, migrations: { ...migrations, '29990101T0000_more': more } };
      const refused = { code: 'saturday_freeze', message: expect.stringContaining('--despite-weddings') as string };
      await expect(migrateUp({ ...options, refuseOnWeddings: true })).rejects.toMatchObject(refused);
      await expect(migrateDown({ ...options, steps: 1, refuseOnWeddings: true })).rejects.toMatchObject(refused);
      expect(await migrateUp(options)).toEqual(['29990101T0000_more']);
      // Where there is nothing to do there is nothing to refuse.
      expect(await migrateUp({ ...options, refuseOnWeddings: true })).toEqual([]);
    } finally {
      await db.close();
    }
  });
});

describe('a program that starts', () => {
  let current: TestDatabase;
  beforeAll(async () => {
    current = await createTestDatabase();
  });
  afterAll(() => current.close());

  it('is content with a current database, as any role', async () => {
    for (const database of [current.api, current.worker, current.relay]) await assertMigrated(database[raw]);
  });

  it('refuses a database that lacks a migration, or has one it does not know', async () => {
    const other = await createTestDatabase();
    try {
      const last = NAMES.at(-1) ?? '';
      await other.query(`delete from ops.migrations where name = $1`, [last]);
      await expect(assertMigrated(other.worker[raw])).rejects.toMatchObject({ code: 'migrations_pending' });
      await other.query(
        `insert into ops.migrations (name, timestamp) values ($1, now()::text), ('29990101T0000_x', now()::text)`,
        [last],
      );
      await expect(assertMigrated(other.worker[raw])).rejects.toMatchObject({ code: 'database_newer' });
    } finally {
      await other.close();
    }
  });

  it('sees its role’s limits: no statement and no transaction runs for ever', async () => {
    const { rows } = await current.worker[raw].connection().execute((connection) =>
      sql<{ statement: string; transaction: string }>`
          select current_setting('statement_timeout') as statement, current_setting('transaction_timeout') as transaction
        `.execute(connection),
    );
    expect(rows).toEqual([{ statement: '5s', transaction: '5min' }]);
  });
});
