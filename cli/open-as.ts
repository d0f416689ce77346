import { openDatabase, type Database } from '../db/database.ts';
import type { LoginRole } from '../db/roles.ts';
import { actAs } from './act-as.ts';
import { OperatorError } from './operator-error.ts';
import { administratorUrl } from './organization-database.ts';

/**
 * Runs `work` with the database opened as one of our roles: the one at DATABASE_URL, or that of the development set-up
 * running on `dataFolder`.
 *
 * @throws OperatorError where there is none, or it cannot be reached
 */
export async function withDatabaseAs<T>(
  role: LoginRole,
  dataFolder: string,
  env: NodeJS.ProcessEnv,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const url = actAs(await administratorUrl(dataFolder, env), role);
  const database = openDatabase({ url, poolSize: 2, applicationName: 'wedsync-cli' });
  try {
    return await work(database);
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (typeof code !== 'string' || !UNREACHABLE.test(code)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new OperatorError(
      `The database cannot be used: ${reason || code}. Is it running, migrated, and is DATABASE_URL right?`,
    );
  } finally {
    await database.close();
  }
}

/** Network, sign-in, no such database; no such schema, table or function: it is not migrated. */
const UNREACHABLE = /^(E[A-Z_]+|28\w{3}|3D000|3F000|42P01|42883|22023)$/;
