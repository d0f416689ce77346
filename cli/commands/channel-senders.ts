import { resolve } from 'node:path';

import { Argument, Command, InvalidArgumentError } from 'commander';
import { sql } from 'kysely';

import { dayLimit } from '../../channels/sending-limits.ts';
import { limitsOf } from '../../channels/sender-settings.ts';
import { openDatabase } from '../../db/database.ts';
import { loadSender, placesTaken, removeSender } from '../../db/senders.ts';
import type { Trx } from '../../db/tenant.ts';
import { withoutTenant } from '../../db/without-tenant.ts';
import {
  saveEmailSender,
  saveTextSender,
  type SavedSender,
  type SenderChange,
} from '../../services/channels/save-sender.ts';
import { readSecret, readSecretFile, SECRET_HELP } from '../input/read-secret.ts';
import { OperatorError } from '../operator-error.ts';
import { administratorUrl } from '../organization-database.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';
import { writeOut } from '../output/write-out.ts';
import { sealingKeys } from '../sealing-keys.ts';

const CHANNELS = ['email', 'sms', 'whatsapp'] as const;
type Channel = (typeof CHANNELS)[number];

/** How an organization's messages leave: its own sender on each channel, and how many a day. */
export function senderCommands(): Command[] {
  return [setCommand(), showCommand(), removeCommand(), limitCommand()];
}

function setCommand(): Command {
  const set = new Command('set').description("Set up an organization's own sender; what is not named stays as it is.");
  const email = limitOptions(organizationCommand('email'))
    .description('Its address, mail servers and signature. Secrets are sealed before they are stored.')
    .option('--from <address>', 'the sender')
    .option('--from-name <name>', 'its name')
    .option('--reply-to <address>', 'where answers go')
    .option('--smtp <url>', 'its own mail server, as smtps://user:password@host; - or env:NAME')
    .option('--backup-smtp <url>', 'a second one, for certain failures of the first; - or env:NAME')
    .option('--dkim-domain <domain>', 'whose signature mails carry')
    .option('--selector <name>', 'where the key stands in the DNS')
    .option('--dkim-key <file>', 'private key (PEM)')
    .option('--bounce-domain <domain>', 'where mails come back that cannot be delivered')
    .option('--per-second <number>', 'mails a second through its own server', wholeNumber)
    .addHelpText(
      'after',
      `${SECRET_HELP}

Examples:
  wedsync channels set email --organization wildflower-photography --from hello@mail.example.com --dkim-domain mail.example.com --selector ws1 --dkim-key dkim.pem --warm-up-on 2027-01-04
  wedsync channels set email --organization wildflower-photography --smtp - < smtp-url`,
    )
    .action((options: EmailOptions) => save(options, 'email', () => emailChange(options)));
  set.addCommand(email);
  for (const channel of ['sms', 'whatsapp'] as const) {
    const text = limitOptions(organizationCommand(channel))
      .description(
        `Its account at Twilio for ${channel === 'sms' ? 'texts' : 'WhatsApp'}. The token is sealed before it is stored.`,
      )
      .option('--account <sid>', 'AC...')
      .option('--auth-token-file <file>', 'file with the token of that account; - or env:NAME')
      .option('--sender <number or service>', 'a number (+44...) or a messaging service (MG...)')
      .option('--segment-price-micros <number>', 'price of a segment in millionths of the currency', wholeNumber)
      .option(
        '--help-text <text>',
        'what HELP is answered with, where the provider leaves it to us; none: nothing',
        (text: string) => (text === 'none' ? null : text),
      )
      .addHelpText(
        'after',
        `${SECRET_HELP}

HELP: a messaging service with Advanced Opt-Out answers it by itself. Without, --help-text says who writes and how to stop.

Example:
  wedsync channels set ${channel} --organization wildflower-photography --account AC... --auth-token-file - --sender MG... < token`,
      )
      .action((options: TextOptions) => save(options, channel, () => textChange(options)));
    set.addCommand(text);
  }
  return set;
}

type LimitOptions = OrganizationOptions & { dailyLimit?: number | null; warmUpOn?: string | null };
type EmailOptions = LimitOptions & {
  from?: string;
  fromName?: string;
  replyTo?: string;
  smtp?: string;
  backupSmtp?: string;
  dkimDomain?: string;
  selector?: string;
  dkimKey?: string;
  bounceDomain?: string;
  perSecond?: number;
};
type TextOptions = LimitOptions & {
  account?: string;
  authTokenFile?: string;
  sender?: string;
  segmentPriceMicros?: number;
  helpText?: string | null;
};

function limitOptions(command: Command): Command {
  return command
    .option('--daily-limit <number>', 'messages a day at most; none: no limit', (text) =>
      text === 'none' ? null : wholeNumber(text),
    )
    .option('--warm-up-on <date>', 'first day of the warm-up of a new sender; none: no warm-up', (text) =>
      text === 'none' ? null : text,
    );
}

async function emailChange(options: EmailOptions): Promise<SenderChange> {
  const { from, fromName, dkimDomain: domain, selector } = options;
  if ((domain === undefined) !== (selector === undefined)) {
    throw new OperatorError('--dkim-domain and --selector go together.');
  }
  if (fromName !== undefined && from === undefined) throw new OperatorError('--from-name needs --from.');
  return {
    settings: {
      ...given({ dailyLimit: options.dailyLimit, warmUpOn: options.warmUpOn, replyTo: options.replyTo }),
      ...given({ bounceDomain: options.bounceDomain, perSecond: options.perSecond }),
      ...(from === undefined ? {} : { from: { address: from, ...given({ name: fromName }) } }),
      ...(domain === undefined ? {} : { dkim: { domain, selector } }),
    },
    secrets: given({
      smtpUrl: options.smtp === undefined ? undefined : await readSecret(options.smtp, '--smtp'),
      backupSmtpUrl:
        options.backupSmtp === undefined ? undefined : await readSecret(options.backupSmtp, '--backup-smtp'),
      dkimKey: options.dkimKey === undefined ? undefined : await readSecretFile(options.dkimKey, '--dkim-key'),
    }),
  };
}

async function textChange(options: TextOptions): Promise<SenderChange> {
  const { dailyLimit, warmUpOn, account: accountSid, sender, segmentPriceMicros, helpText, authTokenFile } = options;
  const authToken = authTokenFile === undefined ? undefined : await readSecretFile(authTokenFile, '--auth-token-file');
  return {
    settings: given({ dailyLimit, warmUpOn, accountSid, sender, segmentPriceMicros, helpText }),
    secrets: given({ authToken: authToken?.trim() }),
  };
}

async function save(options: LimitOptions, channel: Channel, changeOf: () => Promise<SenderChange>): Promise<void> {
  const change = await changeOf();
  const keys = await sealingKeys(resolve(options.data), process.env);
  const saved = await inOrganization(options, (trx, organizationId): Promise<SavedSender> =>
    channel === 'email'
      ? saveEmailSender(trx, organizationId, change, keys)
      : saveTextSender(trx, organizationId, channel, change, keys),
  );
  if (!saved.ok) throw new OperatorError(saved.problems.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  const words = `Saved. Try it: wedsync channels test ${channel} --organization ${options.organization}`;
  await print(options, { channel, saved: true }, words);
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
      await print(options, lines, lines.map(lineWords).join('\n'));
    });
}

type SenderLine = {
  channel: Channel;
  settings: unknown;
  hasSecrets: boolean;
  limitToday: number | null;
  takenToday: number | null;
  checkedAt: Date | null;
  checkError: string | null;
};

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

function lineWords(line: SenderLine): string {
  const limit = line.limitToday === null ? 'no limit' : `${line.takenToday ?? 0} of ${line.limitToday} taken today`;
  const whose = line.settings === null ? "the platform's" : JSON.stringify(line.settings);
  const tested =
    line.checkedAt === null ? '' : line.checkError === null ? '; works' : `; does not work: ${line.checkError}`;
  return `${line.channel.padEnd(9)} ${whose}${line.hasSecrets ? ' (own credentials)' : ''}; ${limit}${tested}`;
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

function given<T extends Record<string, unknown>>(values: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]: Exclude<T[Key], undefined> };
}
