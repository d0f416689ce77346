import { Kysely, PostgresDialect, type LogEvent } from 'kysely';
import { Pool, types, type CustomTypesConfig } from 'pg';

import { PreparingClient } from './preparing-client.ts';
import { raw, type RawDatabase } from './raw.ts';

export interface DatabaseOptions {
  /** Connection string of the role this process works as, such as app_worker. */
  url: string;
  /** Most connections; about four per core of the database over all processes. Default 8. */
  poolSize?: number;
  /** Shown in pg_stat_activity. */
  applicationName?: string;
  /** Told about errors of idle connections; the pool replaces them by itself. */
  onError?: (error: Error) => void;
  /** Told about every query with its duration, for metrics. The parameters are personal data: never log them. */
  onQuery?: (query: { text: string; durationMs: number; ok: boolean }) => void;
}

/** A pool of connections. The only ways to a query are withTenant and withRelay. */
export interface Database {
  readonly [raw]: RawDatabase;
  /** Connections now: all, without work, and callers waiting for one. */
  readonly usage: () => { total: number; idle: number; waiting: number };
  readonly close: () => Promise<void>;
}

const DATE = 1082;
const DATE_ARRAY = 1182;

/**
 * Dates stay strings: as JavaScript dates they would be local midnights, and a wedding in summer the day before.
 */
const parsers: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === DATE) return (value: string) => value;
    if (oid === DATE_ARRAY) return (value: string) => (value === '{}' ? [] : value.slice(1, -1).split(','));
    return types.getTypeParser(oid, format);
  }) as CustomTypesConfig['getTypeParser'],
};

/**
 * Opens the pool of one role. Nothing is connected yet: the first transaction does that.
 *
 * @example
 * const database = openDatabase({ url: config.DATABASE_URL_WORKER });
 * await withTenant(database, { organizationId, actor: 'worker' }, (trx) => trx.selectFrom('clients')...);
 */
export function openDatabase(options: DatabaseOptions): Database {
  const pool = new Pool({
    connectionString: options.url,
    max: options.poolSize ?? 8,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    maxLifetimeSeconds: 1_800,
    application_name: options.applicationName ?? 'wedsync',
    types: parsers,
    Client: PreparingClient,
    pipeline: true,
  });
  // A connection that is lost in the middle of a transaction tells its queries, which reject; what it tells nobody else
  // would end the process.
  pool.on('connect', (client) => void client.on('error', () => {}));
  pool.on('error', (error) => {
    // The pool hangs the whole connection on it, with every statement it knows: nothing for a log.
    Object.defineProperty(error, 'client', { enumerable: false });
    options.onError?.(error);
  });
  const kysely: RawDatabase = new Kysely({
    dialect: new PostgresDialect({ pool }),
    ...(options.onQuery ? { log: reportTo(options.onQuery) } : {}),
  });
  return {
    [raw]: kysely,
    usage: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close: () => kysely.destroy(),
  };
}

function reportTo(onQuery: NonNullable<DatabaseOptions['onQuery']>): (event: LogEvent) => void {
  return (event) =>
    onQuery({ text: event.query.sql, durationMs: event.queryDurationMillis, ok: event.level === 'query' });
}
