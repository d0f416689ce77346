import { setTimeout as delay } from 'node:timers/promises';

import { Kysely } from 'kysely';
import { Migrator, NO_MIGRATIONS } from 'kysely/migration';
import { Client, Pool } from 'pg';

import { ensureRoles, type RolePasswords } from '../roles.ts';
import { migrations as ours, type ReversibleMigration } from '../migrations/index.ts';
import { HistoryDialect } from './history-dialect.ts';
import { MigrationError } from './migration-error.ts';
import type { MigrationDatabase } from './statements.ts';
import { watchStatements } from './watch-statements.ts';

export type MigrationSet = Readonly<Record<string, ReversibleMigration>>;

export interface MigrateOptions {
  /** A superuser, or a role that may create roles. */
  adminUrl: string;
  passwords?: RolePasswords;
  onProgress?: (message: string) => void;
  /** For tests of the runner itself. */
  migrations?: MigrationSet;
  /** How long to wait for another program that is migrating. */
  lockTimeoutMs?: number;
  /** Refuse while somewhere it is a Saturday with a wedding (ops.saturday_freeze). Default: do not ask. */
  refuseOnWeddings?: boolean;
}

export interface MigrationState {
  name: string;
  executedAt: Date | null;
  /** False where the database knows a migration that this program does not. */
  known: boolean;
}

/** Must be the same in every version of this program for ever. */
const LOCK_KEY = 7_205_519_811;
const HISTORY = {
  migrationTableSchema: 'ops',
  migrationTableName: 'migrations',
  migrationLockTableName: 'migrations_lock',
} as const;
const isConcurrent = (name: string): boolean => name.endsWith('_concurrently');

/**
 * Brings the database up to date: roles, then every migration that is missing, each in a call (and so a transaction) of
 * its own, with a row in `ops.migration_runs` whatever comes of it.
 *
 * @returns names of the migrations that were run
 * @throws MigrationError
 */
export async function migrateUp(options: MigrateOptions): Promise<string[]> {
  await ensureRoles(options.adminUrl, options.passwords);
  return withRunner(options, async (runner) => {
    const done: string[] = [];
    const missing = (await runner.states()).filter((state) => state.executedAt === null);
    if (missing.length > 0) await runner.assertQuietDay();
    for (const state of missing) {
      options.onProgress?.(state.name);
      await runner.run(state.name, 'up', state.name);
      done.push(state.name);
    }
    return done;
  });
}

/**
 * Takes back the newest `steps` migrations, newest first, each in a call of its own.
 *
 * @returns names of the migrations that were taken back
 * @throws MigrationError
 */
export async function migrateDown(options: MigrateOptions & { steps: number }): Promise<string[]> {
  return withRunner(options, async (runner) => {
    const executed = (await runner.states()).filter((state) => state.executedAt !== null).map((state) => state.name);
    const undone: string[] = [];
    if (executed.length > 0) await runner.assertQuietDay();
    while (undone.length < options.steps) {
      const name = executed.pop();
      if (name === undefined) break;
      options.onProgress?.(name);
      await runner.run(name, 'down', executed.at(-1) ?? null);
      undone.push(name);
    }
    return undone;
  });
}

/** Which migrations there are and which the database has. Changes nothing, needs no lock. */
export async function migrationStates(
  db: MigrationDatabase,
  migrations: MigrationSet = ours,
): Promise<MigrationState[]> {
  const executed = new Map<string, Date>();
  const exists = await db
    .selectFrom('pg_catalog.pg_tables')
    .select('tablename')
    .where('schemaname', '=', HISTORY.migrationTableSchema)
    .where('tablename', '=', HISTORY.migrationTableName)
    .executeTakeFirst();
  if (exists) {
    const rows: { name: string; timestamp: string }[] = await db
      .selectFrom(`${HISTORY.migrationTableSchema}.${HISTORY.migrationTableName}`)
      .select(['name', 'timestamp'])
      .execute();
    for (const row of rows) executed.set(row.name, new Date(row.timestamp));
  }
  const names = new Set([...Object.keys(migrations), ...executed.keys()]);
  return [...names]
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((name) => ({ name, executedAt: executed.get(name) ?? null, known: name in migrations }));
}

/** The same, for whoever has only a connection string. */
export async function readMigrationStates(adminUrl: string): Promise<MigrationState[]> {
  const db = openAsAdmin(adminUrl, '');
  try {
    return await migrationStates(db);
  } finally {
    await db.destroy();
  }
}

/**
 * For programs that are about to work: the database is exactly as this version of the program expects it.
 *
 * @throws MigrationError `migrations_pending` or `database_newer`
 */
export async function assertMigrated(db: MigrationDatabase): Promise<void> {
  const states = await migrationStates(db);
  refuseNewer(states);
  const pending = states.filter((state) => state.executedAt === null);
  if (pending.length > 0) {
    throw new MigrationError(
      'migrations_pending',
      `The database lacks ${pending.length === 1 ? 'the migration' : `${pending.length} migrations, first`} ` +
        `${pending[0]?.name ?? ''}. Run "wedsync migrate up" before starting.`,
    );
  }
}

function refuseNewer(states: readonly MigrationState[]): void {
  const unknown = states.filter((state) => !state.known);
  if (unknown.length === 0) return;
  throw new MigrationError(
    'database_newer',
    `The database is newer than this program: it has ${unknown.map((state) => state.name).join(', ')}, which this ` +
      'version does not know. Deploy the newer version, or take those migrations back with it first.',
  );
}

interface Runner {
  states: () => Promise<MigrationState[]>;
  /** @throws MigrationError `saturday_freeze` */
  assertQuietDay: () => Promise<void>;
  run: (name: string, direction: 'up' | 'down', target: string | null) => Promise<void>;
}

async function withRunner<T>(options: MigrateOptions, work: (runner: Runner) => Promise<T>): Promise<T> {
  const migrations = options.migrations ?? ours;
  const lock = new Client({ connectionString: options.adminUrl, application_name: 'wedsync migrate (lock)' });
  await lock.connect();
  const transactional = openAsAdmin(options.adminUrl, '-c role=app_owner -c lock_timeout=3s -c statement_timeout=60s');
  const concurrent = openAsAdmin(options.adminUrl, '-c role=app_owner -c lock_timeout=0 -c statement_timeout=0');
  try {
    await acquire(lock, options);
    await watchStatements(lock);
    await createHistory(lock);
    const migratorFor = (name: string): Migrator =>
      new Migrator({
        db: isConcurrent(name) ? concurrent : transactional,
        provider: { getMigrations: () => Promise.resolve({ ...migrations }) },
        ...HISTORY,
        nameComparator: (a, b) => (a < b ? -1 : 1),
      });
    return await work({
      states: async () => {
        const states = await migrationStates(transactional, migrations);
        refuseNewer(states);
        return states;
      },
      assertQuietDay: async () => {
        if (options.refuseOnWeddings === true && (await isWeddingSaturday(lock))) {
          throw new MigrationError(
            'saturday_freeze',
            'It is a Saturday, and somewhere there is a wedding: messages go out today that nobody can send again ' +
              'tomorrow. Nothing was changed. Wait until the day is over, or say --despite-weddings.',
          );
        }
      },
      run: async (name, direction, target) => {
        const id = await begin(lock, name, direction);
        const { error } = await migratorFor(name).migrateTo(target ?? NO_MIGRATIONS, {
          disableTransactions: isConcurrent(name),
        });
        await finish(lock, id, error);
        if (error === undefined) await lock.query(FOLLOW_COLUMNS);
        if (error !== undefined) {
          throw new MigrationError(
            'migration_failed',
            `The migration ${name} (${direction}) failed and was rolled back: ${messageOf(error)}. ` +
              'The database is as it was before it; nothing after it was run.',
            error,
          );
        }
      },
    });
  } finally {
    await Promise.all([transactional.destroy(), concurrent.destroy()]);
    await lock.end();
  }
}

/** False where the function does not exist yet: then there are no weddings either. */
async function isWeddingSaturday(lock: Client): Promise<boolean> {
  const known = await lock.query(`select from pg_proc where oid = to_regprocedure('ops.saturday_freeze(timestamptz)')`);
  if (known.rowCount === 0) return false;
  const { rows } = await lock.query<{ frozen: boolean }>('select ops.saturday_freeze() as frozen');
  return rows[0]?.frozen ?? false;
}

/** The triggers of the audit have the columns of their tables in them, which the migration may have changed. */
const FOLLOW_COLUMNS = `do $$ begin
  if to_regprocedure('audit.attach_all()') is not null then perform audit.attach_all(); end if;
end $$`;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function openAsAdmin(adminUrl: string, settings: string): MigrationDatabase {
  const pool = new Pool({
    connectionString: adminUrl,
    max: 2,
    application_name: 'wedsync migrate',
    options: `-c search_path=app -c timezone=UTC ${settings}`,
  });
  pool.on('error', () => undefined);
  return new Kysely({ dialect: new HistoryDialect({ pool }, HISTORY.migrationTableSchema) });
}

/**
 * Our own lock, polled, beside kysely's: two programs, one inside `create index concurrently` and the other blocked in
 * kysely's lock, deadlock, because the index build waits for the snapshot of the blocked one.
 */
async function acquire(lock: Client, options: MigrateOptions): Promise<void> {
  const deadline = Date.now() + (options.lockTimeoutMs ?? 120_000);
  for (let told = false; ; told = true) {
    const { rows } = await lock.query<{ ok: boolean }>('select pg_try_advisory_lock($1) as ok', [LOCK_KEY]);
    if (rows[0]?.ok === true) return;
    if (Date.now() > deadline) {
      throw new MigrationError(
        'migration_locked',
        'Another program has been migrating this database for a long time. Wait for it, or find it in ' +
          "pg_stat_activity by its application_name 'wedsync migrate'.",
      );
    }
    if (!told) options.onProgress?.('waiting for another program that is migrating');
    await delay(500);
  }
}

async function createHistory(lock: Client): Promise<void> {
  await lock.query('set role app_owner');
  await lock.query(`create schema if not exists ops`);
  await lock.query(`create table if not exists ops.migration_runs (
    id bigint generated always as identity primary key,
    name text not null,
    direction text not null check (direction in ('up', 'down')),
    status text not null default 'running' check (status in ('running', 'succeeded', 'failed')),
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    error text
  )`);
  await lock.query(
    `comment on table ops.migration_runs is 'Every run of a migration, up or down, whatever came of it.'`,
  );
  // What a killed runner left behind: nobody else can be running, we hold the lock.
  await lock.query(
    `update ops.migration_runs set status = 'failed', finished_at = clock_timestamp(),
            error = 'the program that ran it ended without an answer'
      where status = 'running'`,
  );
}

async function begin(lock: Client, name: string, direction: 'up' | 'down'): Promise<string> {
  const { rows } = await lock.query<{ id: string }>(
    `insert into ops.migration_runs (name, direction) values ($1, $2) returning id::text`,
    [name, direction],
  );
  return rows[0]?.id ?? '';
}

async function finish(lock: Client, id: string, error: unknown): Promise<void> {
  await lock.query(
    `update ops.migration_runs set status = $2, finished_at = clock_timestamp(), error = $3 where id = $1`,
    [id, error === undefined ? 'succeeded' : 'failed', error === undefined ? null : messageOf(error)],
  );
}
