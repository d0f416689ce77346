import { resolve } from 'node:path';

import { Command, InvalidArgumentError } from 'commander';

import {
  saveEmailSender,
  saveTextSender,
  type SavedSender,
  type SenderChange,
} from '../../services/channels/save-sender.ts';
import { readSecret, readSecretFile, SECRET_HELP } from '../input/read-secret.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';
import { sealingKeys } from '../sealing-keys.ts';

/** `wedsync channels set`. */
export function setCommand(): Command {
  const set = new Command('set').description("Set up an organization's own sender; what is not named stays as it is.");
  for (const one of [emailCommand(), textCommand('sms'), textCommand('whatsapp')]) set.addCommand(one);
  return set;
}

/** Takes away what was set. (An option whose parser gives null is one that was not given, for commander.) */
const NONE = 'none';
type Given<T = string> = T | typeof NONE;
type LimitOptions = OrganizationOptions & { dailyLimit?: Given<number>; warmUpOn?: Given };
type EmailOptions = LimitOptions & {
  from?: Given;
  fromName?: Given;
  replyTo?: Given;
  smtp?: Given;
  backupSmtp?: Given;
  dkimDomain?: Given;
  selector?: string;
  dkimKey?: string;
  bounceDomain?: Given;
  perSecond?: Given<number>;
};
type TextOptions = LimitOptions & {
  account?: Given;
  authTokenFile?: string;
  sender?: Given;
  segmentPriceMicros?: Given<number>;
  helpText?: Given;
};

const NONE_HELP = '\n"none" takes away what was set: the platform\'s is used then, or nothing.';

function emailCommand(): Command {
  return withLimits(organizationCommand('email'))
    .description('Its address, mail servers and signature. Secrets are sealed before they are stored.')
    .option('--from <address>', 'the sender')
    .option('--from-name <name>', 'its name')
    .option('--reply-to <address>', 'where answers go')
    .option('--smtp <url>', 'its own mail server, as smtps://user:password@host; - or env:NAME')
    .option('--backup-smtp <url>', 'a second one, for certain failures of the first; - or env:NAME')
    .option('--dkim-domain <domain>', 'whose signature mails carry')
    .option('--selector <name>', 'where the key stands in the DNS')
    .option('--dkim-key <file>', 'private key (PEM); - or env:NAME')
    .option('--bounce-domain <domain>', 'where mails come back that cannot be delivered')
    .option('--per-second <number>', 'mails a second through its own server', numberOrNone)
    .addHelpText(
      'after',
      `${NONE_HELP}
${SECRET_HELP}

Examples:
  wedsync channels set email --organization wildflower-photography --from hello@mail.example.com --dkim-domain mail.example.com --selector ws1 --dkim-key dkim.pem --warm-up-on 2027-01-04
  wedsync channels set email --organization wildflower-photography --smtp - < smtp-url`,
    )
    .action(async (options: EmailOptions) => save(options, 'email', await emailChange(options)));
}

function textCommand(channel: 'sms' | 'whatsapp'): Command {
  return withLimits(organizationCommand(channel))
    .description(
      `Its account at Twilio for ${channel === 'sms' ? 'texts' : 'WhatsApp'}. The token is sealed before it is stored.`,
    )
    .option('--account <sid>', 'AC...')
    .option('--auth-token-file <file>', 'file with the token of that account; - or env:NAME')
    .option('--sender <number or service>', 'a number (+44...) or a messaging service (MG...)')
    .option('--segment-price-micros <number>', 'price of a segment in millionths of the currency', numberOrNone)
    .option('--help-text <text>', 'what HELP is answered with, where the provider leaves it to us')
    .addHelpText(
      'after',
      `${NONE_HELP}
${SECRET_HELP}

HELP: a messaging service with Advanced Opt-Out answers it by itself. Without, --help-text says who writes and how to stop.

Example:
  wedsync channels set ${channel} --organization wildflower-photography --account AC... --auth-token-file - --sender MG... < token`,
    )
    .action(async (options: TextOptions) => save(options, channel, await textChange(options)));
}

function withLimits(command: Command): Command {
  return command
    .option('--daily-limit <number>', 'messages a day at most', numberOrNone)
    .option('--warm-up-on <date>', 'first day of the warm-up of a new sender');
}

async function emailChange(options: EmailOptions): Promise<SenderChange> {
  const { from, fromName, dkimDomain: domain, selector, dkimKey } = options;
  if (domain !== NONE && (domain === undefined) !== (selector === undefined)) {
    throw new OperatorError('--dkim-domain and --selector go together.');
  }
  const { dailyLimit, warmUpOn, replyTo, bounceDomain, perSecond } = options;
  const sender = from === NONE ? null : given({ address: from, name: fromName });
  return {
    settings: given({
      dailyLimit,
      warmUpOn,
      replyTo,
      bounceDomain,
      perSecond,
      from: sender !== null && Object.keys(sender).length === 0 ? undefined : sender,
      dkim: domain === undefined || domain === NONE ? domain : { domain, selector },
    }),
    secrets: given({
      smtpUrl: await secretOrNone(options.smtp, '--smtp'),
      backupSmtpUrl: await secretOrNone(options.backupSmtp, '--backup-smtp'),
      dkimKey: domain === NONE ? null : dkimKey && (await readSecretFile(dkimKey, '--dkim-key')),
    }),
  };
}

async function textChange(options: TextOptions): Promise<SenderChange> {
  const { dailyLimit, warmUpOn, account: accountSid, sender, segmentPriceMicros, helpText, authTokenFile } = options;
  const authToken = authTokenFile && (await readSecretFile(authTokenFile, '--auth-token-file')).trim();
  return {
    settings: given({ dailyLimit, warmUpOn, accountSid, sender, segmentPriceMicros, helpText }),
    secrets: given({ authToken: accountSid === NONE ? null : authToken }),
  };
}

async function save(options: LimitOptions, channel: 'email' | 'sms' | 'whatsapp', change: SenderChange): Promise<void> {
  if (Object.keys({ ...change.settings, ...change.secrets }).length === 0) {
    throw new OperatorError(`Say what to set; "wedsync channels set ${channel} --help" shows what there is.`);
  }
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

function numberOrNone(text: string): Given<number> {
  if (text === NONE) return NONE;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('A whole number above 0, or none.');
  return number;
}

async function secretOrNone(value: string | undefined, option: string): Promise<string | undefined> {
  return value === undefined || value === NONE ? value : readSecret(value, option);
}

/** What was given, with null for what is taken away. */
function given<T>(values: Readonly<Record<string, T | undefined>>): Record<string, T | null> {
  const entries = Object.entries(values).flatMap(([name, value]): [string, T | null][] =>
    value === undefined ? [] : [[name, value === NONE ? null : value]],
  );
  return Object.fromEntries(entries);
}
