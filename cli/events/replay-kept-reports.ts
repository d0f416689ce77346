import { resolve } from 'node:path';

import { replayReports, type ReplayedReports } from '../../api/receipts/replay-reports.ts';
import { readConfig } from '../../config.ts';
import { withTenant } from '../../db/tenant.ts';
import { openOwnTwilio } from '../../services/channels/open-sender.ts';
import type { OrganizationOptions } from '../organization-command.ts';
import { openOrganizationDatabase } from '../organization-database.ts';
import { receiptsFrom } from '../receipt-providers.ts';
import { sealingKeys } from '../sealing-keys.ts';
import { fetchText } from '../start-api.ts';

/** Lets refused reports of message providers come once more, by the settings of this machine. */
export async function replayKeptReports(
  { organization, data }: OrganizationOptions,
  choice: { readonly eventId: string | null; readonly since: Date | null },
): Promise<ReplayedReports> {
  const receipts = receiptsFrom(readConfig(process.env, []));
  const keys = await sealingKeys(resolve(data), process.env);
  const opened = await openOrganizationDatabase(organization, resolve(data), process.env);
  const { database, organizationId } = opened;
  try {
    const ownTwilio = (id: string) =>
      withTenant(database, { organizationId: id, actor: 'admin:cli' }, (trx) => openOwnTwilio(trx, id, keys));
    // Where our own address is not known no provider is set up, and all are passed over.
    const setUp = receipts === undefined ? { publicUrl: '', providers: {} } : { ...receipts, ownTwilio };
    const options = { ...setUp, database, fetchText, bounceKeys: [...keys.keys.values()] };
    return await replayReports(options, organizationId, choice);
  } finally {
    await opened.close();
  }
}

/** What is to be set for each, where its reports were passed over. */
const SETTINGS: Readonly<Record<string, string>> = {
  twilio: 'TWILIO_AUTH_TOKEN',
  ses: 'SES_TOPICS',
  sendgrid: 'SENDGRID_PUBLIC_KEY',
  mailgun: 'MAILGUN_SIGNING_KEY',
  postmark: 'POSTMARK_BASIC_AUTH',
  mail: 'MAIL_RECEIPTS_BASIC_AUTH',
};

/** A line for each thing that can be said; none where there was nothing to do. */
export function replayedWords({ taken, refused, passedOver }: ReplayedReports): string[] {
  return [
    ...(taken === 0 ? [] : [`${reports(taken)} of message providers ${taken === 1 ? 'is' : 'are'} taken now.`]),
    ...(refused === 0 ? [] : [`${reports(refused)} of message providers refused again: see "wedsync events list".`]),
    ...Object.entries(passedOver).map(
      ([provider, count]) =>
        `${reports(count)} of ${provider} passed over: set WEDSYNC_PUBLIC_URL and ${SETTINGS[provider] ?? 'its settings'} as the API has them.`,
    ),
  ];
}

const reports = (count: number): string => (count === 1 ? '1 report' : `${count} reports`);
