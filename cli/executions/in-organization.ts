import { withTenant, type Trx } from '../../db/tenant.ts';
import type { Commander } from '../../services/executions/command.ts';
import { openOrganizationDatabase } from '../organization-database.ts';

export interface OrganizationOptions {
  readonly organization: string;
  readonly data: string;
  readonly json?: boolean;
}

/** Runs `work` in one transaction as the organization's API would, and commits it. */
export async function inOrganization<T>(
  { organization, data }: OrganizationOptions,
  work: (trx: Trx, by: Commander) => Promise<T>,
): Promise<T> {
  const opened = await openOrganizationDatabase(organization, data, process.env);
  const { database, organizationId } = opened;
  const by: Commander = { actor: 'cli', now: `${new Date().toISOString().slice(0, 19)}Z` };
  try {
    return await withTenant(database, { organizationId, actor: by.actor }, (trx) => work(trx, by));
  } finally {
    await opened.close();
  }
}
