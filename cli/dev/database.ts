import { join } from 'node:path';
import { Client } from 'pg';
import { migrateUp } from '../../db/migrate/migrate.ts';
import { roleUrl } from '../../db/roles.ts';
import { OperatorError } from '../operator-error.ts';
import { startEmbeddedPostgres } from './postgres.ts';
import type { DevSecrets } from './secrets.ts';

/** A database that is reachable and migrated, with the connection string of each role. */
interface DevDatabase {
  readonly adminUrl: string;
  readonly urls: { readonly api: string; readonly worker: string; readonly relay: string };
  readonly stop: () => Promise<void>;
}

const DATABASE = 'wedsync';

/**
 * Answers with the Postgres to use: the one of DATABASE_URL, else the embedded one.
 *
 * @returns its administrator's connection string, and how to stop what was started
 * @throws OperatorError where nothing answers or the account is refused
 */
export async function openPostgres(
  databaseUrl: string | undefined,
  dataFolder: string,
  onProgress: (message: string) => void,
): Promise<Pick<DevDatabase, 'adminUrl' | 'stop'>> {
  if (databaseUrl !== undefined) {
    await assertReachable(databaseUrl);
    return { adminUrl: databaseUrl, stop: async () => {} };
  }
  const server = await startEmbeddedPostgres({ folder: join(dataFolder, 'postgres'), onProgress });
  try {
    await createDatabase(server.adminUrl, DATABASE);
  } catch (error) {
    await server.stop();
    throw error;
  }
  const url = new URL(server.adminUrl);
  url.pathname = `/${DATABASE}`;
  return { adminUrl: url.toString(), stop: server.stop };
}

/**
 * Roles, migrations, and the connection string of each role.
 *
 * @param given connection strings from the configuration: where all three are there, no password is touched, for
 *   the roles belong to the whole server and other programs may use them
 */
export async function prepareDatabase(
  adminUrl: string,
  given: Partial<DevDatabase['urls']>,
  secrets: DevSecrets,
  onProgress: (message: string) => void,
): Promise<DevDatabase['urls']> {
  const { api, worker, relay } = given;
  if (api !== undefined && worker !== undefined && relay !== undefined) {
    await migrateUp({ adminUrl, onProgress });
    return { api, worker, relay };
  }
  const passwords = secrets.rolePasswords;
  await migrateUp({ adminUrl, passwords, onProgress });
  return {
    api: roleUrl(adminUrl, 'app_api', passwords.app_api),
    worker: roleUrl(adminUrl, 'app_worker', passwords.app_worker),
    relay: roleUrl(adminUrl, 'app_relay', passwords.app_relay),
  };
}

async function assertReachable(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5000 });
  try {
    await client.connect();
  } catch (error) {
    const { hostname, port, pathname, username } = new URL(databaseUrl);
    const reason = error instanceof Error && error.message !== '' ? error.message : String(error);
    throw new OperatorError(
      `DATABASE_URL leads to ${hostname}:${port || '5432'}${pathname} as ${username || 'no user'}, and that failed: ${reason}. ` +
        'Start that Postgres, correct the address, or unset DATABASE_URL to have one started.',
    );
  } finally {
    await client.end().catch(() => {});
  }
}

async function createDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const known = await client.query('select from pg_database where datname = $1', [name]);
    if (known.rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}
