import { resolve } from 'node:path';

import { replayReports } from '../../api/receipts/replay-reports.ts';
import { readConfig } from '../../config.ts';
import { withTenant } from '../../db/tenant.ts';
import { openOwnTwilio } from '../../services/channels/open-sender.ts';
import type { OrganizationOptions } from '../organization-command.ts';
import { openOrganizationDatabase } from '../organization-database.ts';
import { receiptsFrom } from '../receipt-providers.ts';
import { sealingKeys } from '../sealing-keys.ts';
import { fetchText } from '../start-api.ts';

/** Lets refused reports of message providers come once more, by the settings of this machine. Answers with how many. */
export async function replayKeptReports(
  { organization, data }: OrganizationOptions,
  choice: { readonly eventId: string | null; readonly since: Date | null },
): Promise<number> {
  const receipts = receiptsFrom(readConfig(process.env, []));
  if (receipts === undefined) return 0;
  const keys = await sealingKeys(resolve(data), process.env);
  const opened = await openOrganizationDatabase(organization, resolve(data), process.env);
  const { database, organizationId } = opened;
  try {
    const ownTwilio = (id: string) =>
      withTenant(database, { organizationId: id, actor: 'admin:cli' }, (trx) => openOwnTwilio(trx, id, keys));
    const options = { ...receipts, database, fetchText, ownTwilio, bounceKeys: [...keys.keys.values()] };
    return await replayReports(options, organizationId, choice);
  } finally {
    await opened.close();
  }
}
