import { randomUUID } from 'node:crypto';

import { Client } from 'pg';
import { inject } from 'vitest';

import { openDatabase, type Database } from '../../db/database.ts';
import { migrateUp } from '../../db/migrate/migrate.ts';
import { closeDatabase, roleUrl, type LoginRole } from '../../db/roles.ts';
import { TEMPLATE, TEST_PASSWORD, TEST_PASSWORDS } from './postgres-template.ts';

export interface TestDatabase {
  /** Superuser: sees past row security. */
  adminUrl: string;
  /** Connection strings of the roles programs work as. */
  urls: { api: string; worker: string; relay: string };
  urlOf: (role: LoginRole) => string;
  /** Pools of those roles; opened when first asked for. */
  api: Database;
  worker: Database;
  relay: Database;
  /** One statement as the superuser, for arranging and looking. */
  query: <Row extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]) => Promise<Row[]>;
  close: () => Promise<void>;
}

export interface TestDatabaseOptions {
  readonly empty?: boolean;
  /** Superuser's address of another server than that of the run: one that comes and goes, so no connection is kept. */
  readonly serverUrl?: string;
}

/**
 * A database of its own for a test file: every migration, no rows. Cloned from the run's template in some 50 ms.
 *
 * @example
 * const db = await createTestDatabase();
 * afterAll(() => db.close());
 */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { serverUrl = inject('postgresAdminUrl'), empty = false } = options;
  const isOwn = options.serverUrl !== undefined;
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asAdmin(serverUrl, (client) =>
    client.query(
      empty || isOwn ? `create database ${name}` : `create database ${name} template ${TEMPLATE} strategy file_copy`,
    ),
  );
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const adminUrl = url.toString();
  if (isOwn && !empty) await migrateUp({ adminUrl, passwords: TEST_PASSWORDS });
  const urlOf = (role: LoginRole): string => roleUrl(adminUrl, role, TEST_PASSWORD);
  const open = (role: LoginRole): Database => openDatabase({ url: urlOf(role), poolSize: 4, applicationName: 'test' });
  const [api, worker, relay] = [open('app_api'), open('app_worker'), open('app_relay')];
  const admin = isOwn ? eachTime(adminUrl) : await standing(adminUrl);
  await admin.ask(closeDatabase);
  return {
    adminUrl,
    urls: { api: urlOf('app_api'), worker: urlOf('app_worker'), relay: urlOf('app_relay') },
    urlOf,
    api,
    worker,
    relay,
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      (await admin.ask((client) => client.query<Row>(text, [...values]))).rows,
    close: async () => {
      await Promise.all([api.close(), worker.close(), relay.close()]);
      await admin.end();
      await asAdmin(serverUrl, (client) => client.query(`drop database ${name} with (force)`));
    },
  };
}

/** The superuser, for one thing after the other. */
interface Admin {
  readonly ask: <T>(work: (client: Client) => Promise<T>) => Promise<T>;
  readonly end: () => Promise<void>;
}

async function standing(url: string): Promise<Admin> {
  const client = new Client({ connectionString: url });
  await client.connect();
  let last: Promise<unknown> = Promise.resolve();
  return {
    /** One after the other, as a connection takes them. */
    ask(work) {
      const run = () => work(client);
      const answer = last.then(run, run);
      last = answer;
      return answer;
    },
    end: () => client.end(),
  };
}

const eachTime = (url: string): Admin => ({ ask: (work) => asAdmin(url, work), end: async () => {} });

async function asAdmin<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
