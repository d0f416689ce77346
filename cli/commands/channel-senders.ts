import { resolve } from 'node:path';

import { Argument, Command, InvalidArgumentError } from 'commander';
import { sql } from 'kysely';

import { dayLimit } from '../../channels/sending-limits.ts';
import { limitsOf } from '../../channels/sender-settings.ts';
import { openDatabase } from '../../db/database.ts';
import { loadSender, placesTaken, removeSender } from '../../db/senders.ts';
import type { Trx } from '../../db/tenant.ts';
import { withoutTenant } from '../../db/without-tenant.ts';
import { setCommand } from '../channels/set-command.ts';
import { senderWords, type SenderLine } from '../channels/sender-words.ts';
import { administratorUrl } from '../organization-database.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';
import { writeOut } from '../output/write-out.ts';

const CHANNELS = ['email', 'sms', 'whatsapp'] as const;
type Channel = (typeof CHANNELS)[number];

/** How an organization's messages leave: its own sender on each channel, and how many a day. */
export function senderCommands(): Command[] {
  return [setCommand(), showCommand(), removeCommand(), limitCommand()];
}

function showCommand(): Command {
  return organizationCommand('show')
    .description("Show an organization's senders and what their limits leave for today. Secrets are never shown.")
    .action(async (options: OrganizationOptions) => {
      const lines = await inOrganization(options, async (trx) => {
        const { rows } = await sql<{ today: string }>`
          select (now() at time zone timezone)::date::text as today from app.organizations`.execute(trx);
        return Promise.all(CHANNELS.map((channel) => lineOf(trx, channel, rows[0]?.today ?? '')));
      });
      await print(options, lines, lines.map(senderWords).join('\n'));
    });
}

async function lineOf(trx: Trx, channel: Channel, today: string): Promise<SenderLine> {
  const stored = await loadSender(trx, channel);
  return {
    channel,
    settings: stored?.settings ?? null,
    hasSecrets: (stored?.sealed ?? null) !== null,
    limitToday: dayLimit(limitsOf(stored?.settings), today),
    takenToday: await placesTaken(trx, channel, today),
    checkedAt: stored?.checkedAt ?? null,
    checkError: stored?.checkError ?? null,
  };
}

function removeCommand(): Command {
  return organizationCommand('remove')
    .description("Go back to the platform's sender.")
    .addArgument(new Argument('<channel>').choices(CHANNELS))
    .action(async (channel: Channel, options: OrganizationOptions) => {
      const was = await inOrganization(options, (trx) => removeSender(trx, channel));
      const words = was ? "From now on the platform's sender is used." : "The platform's sender is used already.";
      await print(options, { channel, removed: was }, words);
    });
}

function limitCommand(): Command {
  return new Command('limit')
    .description("Set how many messages a day the platform's own account at a provider sends, over all organizations.")
    .addArgument(new Argument('<provider>').choices(['smtp', 'twilio']))
    .argument('<number>', 'messages a day; none: no limit', (text) => (text === 'none' ? null : wholeNumber(text)))
    .option('--data <folder>', 'the development set-up whose database is used, unless DATABASE_URL is set', '.wedsync')
    .addHelpText('after', '\nExample:\n  wedsync channels limit smtp 50000')
    .action(async (provider: string, limit: number | null, { data }: { data: string }) => {
      const url = await administratorUrl(resolve(data), process.env);
      const database = openDatabase({ url, poolSize: 1, applicationName: 'wedsync-cli' });
      try {
        await withoutTenant(database, (trx) =>
          limit === null
            ? sql`delete from ops.provider_limits where provider = ${provider}`.execute(trx)
            : sql`insert into ops.provider_limits (provider, daily_limit) values (${provider}, ${limit})
                  on conflict (provider) do update set daily_limit = excluded.daily_limit, updated_at = now()`.execute(
                trx,
              ),
        );
      } finally {
        await database.close();
      }
      await writeOut(process.stdout, limit === null ? `No limit for ${provider}.\n` : `${provider}: ${limit} a day.\n`);
    });
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('A whole number above 0.');
  return number;
}
