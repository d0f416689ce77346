import { sql } from 'kysely';
import { openDatabase, type Database } from '../db/database.ts';
import { withoutTenant } from '../db/without-tenant.ts';
import { actAs } from './act-as.ts';
import { readDevFile } from './dev/dev-file.ts';
import { OperatorError } from './operator-error.ts';

export type OrganizationDatabase = { database: Database; organizationId: string; close(): Promise<void> };

/**
 * Opens the database for one organization, named by its slug. The database is the one at DATABASE_URL, or that of the
 * development set-up running on `dataFolder`.
 *
 * @throws OperatorError where there is no database or no such organization, with what to do
 */
export async function openOrganizationDatabase(
  slug: string,
  dataFolder: string,
  env: NodeJS.ProcessEnv,
): Promise<OrganizationDatabase> {
  const url = await administratorUrl(dataFolder, env);
  const database = openDatabase({ url, poolSize: 1, applicationName: 'wedsync-cli' });
  try {
    const { rows } = await withoutTenant(database, (trx) =>
      sql<{ id: string; slug: string }>`select id, slug from app.organizations order by slug`.execute(trx),
    );
    const found = rows.find((row) => row.slug === slug);
    if (found === undefined) {
      const known = rows.map((row) => row.slug).join(', ') || 'none';
      throw new OperatorError(`There is no organization "${slug}". There is: ${known}.`);
    }
    const own = openDatabase({ url: actAs(url, 'app_api'), poolSize: 2, applicationName: 'wedsync-cli' });
    return { database: own, organizationId: found.id, close: () => own.close() };
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new OperatorError(`The database cannot be used: ${reason}. Is it running, and is DATABASE_URL right?`);
  } finally {
    await database.close();
  }
}

/**
 * The address at DATABASE_URL, or that of the development set-up running on `dataFolder`.
 *
 * @throws OperatorError where there is none
 */
export async function administratorUrl(dataFolder: string, env: NodeJS.ProcessEnv): Promise<string> {
  return env['DATABASE_URL'] ?? (await developmentUrl(dataFolder));
}

async function developmentUrl(dataFolder: string): Promise<string> {
  const dev = await readDevFile(dataFolder);
  if (dev === null) {
    throw new OperatorError('No database is known. Start "npm run dev" in another terminal, or set DATABASE_URL.');
  }
  return dev.databaseUrl;
}
