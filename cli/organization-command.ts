import { resolve } from 'node:path';

import { Command } from 'commander';

import { withTenant, type Trx } from '../db/tenant.ts';
import { openOrganizationDatabase } from './organization-database.ts';
import { writeOut } from './output/write-out.ts';

/** Options of every command that works on one organization. */
export interface OrganizationOptions {
  organization: string;
  data: string;
  json?: boolean;
}

/** A command on one organization, with the options that say which. */
export function organizationCommand(name: string): Command {
  return new Command(name)
    .requiredOption('--organization <slug>', 'whose')
    .option('--data <folder>', 'the development set-up whose database is used, unless DATABASE_URL is set', '.wedsync')
    .option('--json', 'print JSON');
}

/** Runs `work` in one transaction of the organization, as the administrator at the terminal. */
export async function inOrganization<T>(
  { organization, data }: OrganizationOptions,
  work: (trx: Trx, organizationId: string) => Promise<T>,
): Promise<T> {
  const opened = await openOrganizationDatabase(organization, resolve(data), process.env);
  const { database, organizationId } = opened;
  try {
    return await withTenant(database, { organizationId, actor: 'admin:cli' }, (trx) => work(trx, organizationId));
  } finally {
    await opened.close();
  }
}

/** Prints a result: as JSON for machines, else in words. */
export async function print(options: { json?: boolean }, value: unknown, words: string): Promise<void> {
  await writeOut(process.stdout, options.json === true ? `${JSON.stringify(value, null, 2)}\n` : `${words}\n`);
}
