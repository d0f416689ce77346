import { Client } from 'pg';

/** Roles that programs connect with. None of them owns a table, is a superuser or passes by row security. */
export const LOGIN_ROLES = [
  'app_migrator',
  'app_api',
  'app_worker',
  'app_relay',
  'app_auth',
  'app_readonly',
  'app_ops',
] as const;
export type LoginRole = (typeof LOGIN_ROLES)[number];
export type RolePasswords = Readonly<Partial<Record<LoginRole, string>>>;

/** A transaction as a whole, from PostgreSQL 17 on: many short statements may hold locks as long as one. */
const TRANSACTION_TIMEOUT = '5min';
const WITH_TRANSACTION_TIMEOUT: readonly LoginRole[] = ['app_api', 'app_worker', 'app_relay', 'app_auth'];

/** Settings of each role: a forgotten transaction or a lock that never comes must not hold up the others. */
const LIMITS = { statement_timeout: '5s', lock_timeout: '2s', idle_in_transaction_session_timeout: '10s' };
const ROLE_SETTINGS: Readonly<Partial<Record<LoginRole, Readonly<Record<string, string>>>>> = {
  app_api: LIMITS,
  app_worker: LIMITS,
  app_relay: LIMITS,
  app_auth: LIMITS,
  app_readonly: { ...LIMITS, statement_timeout: '30s', default_transaction_read_only: 'on' },
  app_ops: { ...LIMITS, statement_timeout: '60s' },
};

/**
 * Creates the roles where they are missing and sets the passwords that are given. Roles belong to the whole server, so
 * they are no migration; it may run any number of times, also at once from several programs.
 *
 * @param adminUrl a superuser, or a role which may create roles; its database is the one that is opened to the roles
 */
export async function ensureRoles(adminUrl: string, passwords: RolePasswords = {}): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query('begin');
    // Two programs at once would otherwise meet in the catalogue: "tuple concurrently updated".
    await client.query(`select pg_advisory_xact_lock(hashtext('wedsync/roles'))`);
    await createRole(client, 'app_owner', 'nologin');
    for (const role of LOGIN_ROLES) {
      await createRole(client, role, 'login');
      const password = passwords[role];
      if (password !== undefined) await client.query(`alter role ${role} password ${client.escapeLiteral(password)}`);
      for (const [name, value] of Object.entries({ search_path: 'app', timezone: 'UTC', ...ROLE_SETTINGS[role] })) {
        await client.query(`alter role ${role} set ${name} = ${client.escapeLiteral(value)}`);
      }
    }
    await limitTransactions(client);
    await client.query(`grant app_owner to app_migrator`);
    await client.query(`grant app_owner to current_user`);
    await allowMonitoring(client);
    await closeDatabase(client);
    await client.query('commit');
  } finally {
    await client.end();
  }
}

async function limitTransactions(client: Client): Promise<void> {
  const known = await client.query(`select from pg_settings where name = 'transaction_timeout'`);
  if (known.rowCount === 0) return;
  for (const role of WITH_TRANSACTION_TIMEOUT) {
    await client.query(`alter role ${role} set transaction_timeout = '${TRANSACTION_TIMEOUT}'`);
  }
}

/**
 * The functions of ops run as the owner and look at other sessions. Where the administrator may not give that right (on
 * some managed servers), they say of those checks that they are not known.
 */
async function allowMonitoring(client: Client): Promise<void> {
  await client.query('savepoint monitoring');
  try {
    await client.query('grant pg_monitor to app_owner, app_ops');
  } catch (error) {
    if ((error as { code?: unknown }).code !== '42501') throw error;
    await client.query('rollback to savepoint monitoring');
  }
}

/**
 * Closes the connected database to everybody but our roles; nobody but the owner creates anything in it, temporary
 * tables included. These rights belong to the database and are not copied with a template.
 */
export async function closeDatabase(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>('select current_database() as name');
  const database = client.escapeIdentifier(rows[0]?.name ?? '');
  await client.query(`revoke all on database ${database} from public`);
  await client.query(`grant connect, create on database ${database} to app_owner`);
  await client.query(`grant connect on database ${database} to ${LOGIN_ROLES.join(', ')}`);
  await client.query(`revoke all on schema public from public`);
}

async function createRole(client: Client, role: string, login: 'login' | 'nologin'): Promise<void> {
  const known = await client.query(`select from pg_roles where rolname = $1`, [role]);
  if (known.rowCount === 0) await client.query(`create role ${role} ${login} nosuperuser nobypassrls`);
}

/** The same server and database, as another role. */
export function roleUrl(adminUrl: string, role: LoginRole, password: string): string {
  const url = new URL(adminUrl);
  url.username = role;
  url.password = encodeURIComponent(password);
  return url.toString();
}
