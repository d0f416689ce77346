import { randomUUID } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { sql } from 'kysely';
import { checkSenderDomain, type DomainFinding } from '../../channels/check-sender-domain.ts';
import type { SendResult } from '../../channels/channel.ts';
import { createDkimKey, readDkimKey } from '../../channels/dkim-key.ts';
import { createEmailChannel } from '../../channels/email.ts';
import { countryOfOrganization } from '../../channels/phone-country.ts';
import { parsePhoneNumber } from '../../channels/phone-number.ts';
import { smsSize } from '../../channels/sms-segments.ts';
import type { EmailSecrets, EmailSettings, TextSecrets, TextSettings } from '../../channels/sender-settings.ts';
import { createSmsChannel, createWhatsappChannel, type TwilioOptions } from '../../channels/twilio.ts';
import { noteSenderCheck } from '../../db/senders.ts';
import type { Trx } from '../../db/tenant.ts';
import { openEmailSender, openTextSender, type OpenedSender } from '../../services/channels/open-sender.ts';
import type { KeyRing } from '../../worker/key-ring.ts';
import { readSecret, readSecretFile, SECRET_HELP } from '../input/read-secret.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization } from '../organization-command.ts';
import { coloursFor } from '../output/colours.ts';
import { printable } from '../output/printable.ts';
import { writeOut } from '../output/write-out.ts';
import { sealingKeys } from '../sealing-keys.ts';
import { mailPlaceOf, twilioParts } from '../templates/places.ts';
import { senderCommands } from './channel-senders.ts';

/** `wedsync channels ...`: the ways in which messages leave. */
export function channelsCommand(): Command {
  const channels = new Command('channels').description(
    'The ways in which messages leave: set them up, try them, limit them, make keys for them.',
  );
  const test = new Command('test').description(
    'Find out whether a channel works, and whether its mail will be believed.',
  );
  const tests = [emailCommand(), textCommand('sms'), textCommand('whatsapp')];
  for (const one of tests) test.addCommand(one);
  for (const one of [...senderCommands(), test, dkimCommand()]) channels.addCommand(one);
  return channels;
}

type EmailOptions = TestOptions & {
  smtp?: string;
  from?: string;
  to?: string;
  dkimKey?: string;
  selector?: string;
  dns: boolean;
  dnsServer?: string;
};

function emailCommand(): Command {
  return testOptions(new Command('email'))
    .description(
      'Connect to the mail server, look at the DNS of the sender, and send a test mail if a recipient is given.',
    )
    .option('--from <address>', "the sender (default: the organization's, or MAIL_FROM)")
    .option('--smtp <url>', "the mail server (default: the organization's, or SMTP_URL); - or env:NAME")
    .option('--to <address>', 'where a test mail goes')
    .option('--selector <name>', 'DKIM selector whose record is looked for')
    .option('--dkim-key <file>', 'private key (PEM) that signs the test mail and must fit the record')
    .option('--dns-server <address>', 'ask this name server, as 192.0.2.53:53')
    .option('--no-dns', 'do not look at the DNS')
    .addHelpText(
      'after',
      `${SECRET_HELP}
Exit codes: 0 it works, 1 it does not, 2 usage.

Examples:
  wedsync channels test email --organization wildflower-photography --to you@example.com
  wedsync channels test email --smtp smtp://127.0.0.1:1025 --from hello@example.com --to you@example.com`,
    )
    .action(async (options: EmailOptions) => {
      const own = await ownSender(options, openEmailSender);
      const { smtpUrl, from } = await whereFrom(options, own);
      const pem =
        options.dkimKey === undefined ? own?.secrets.dkimKey : await readSecretFile(options.dkimKey, '--dkim-key');
      const domain = own?.settings.dkim?.domain ?? from.slice(from.lastIndexOf('@') + 1);
      const key = pem === undefined ? undefined : keyFrom(pem, options.dkimKey ?? 'the stored key');
      const selector = options.selector ?? own?.settings.dkim?.selector;
      if (options.dns) await reportDomain(domain, { ...options, selector }, key?.record);
      const channel = createEmailChannel({
        smtpUrl,
        from: { address: from },
        connectTimeoutMs: 10_000,
        ...(key === undefined ? {} : { dkim: { domain, selector: selector ?? 'wedsync', privateKey: key.key } }),
      });
      try {
        const results = [await report('Connection', await channel.verify())];
        if (options.to !== undefined) {
          const message = {
            id: randomUUID(),
            to: { address: options.to },
            subject: 'A test of your email channel',
            text: 'If you can read this, the channel works.',
            composedAt: new Date(),
          };
          const sent = await channel.send(message, { deadline: new Date(Date.now() + 60_000) });
          results.push(await report('Test mail', sent));
        }
        await note(options, 'email', results);
      } finally {
        await channel.close();
      }
    });
}

async function whereFrom(options: EmailOptions, own: OpenedSender<EmailSettings, EmailSecrets> | null) {
  const named = options.smtp === undefined ? undefined : await readSecret(options.smtp, '--smtp');
  const places = await mailPlaceOf(resolve(options.data));
  const smtpUrl = named ?? own?.secrets.smtpUrl ?? places.smtpUrl;
  if (smtpUrl === undefined)
    throw new OperatorError('No mail server is named. Give --smtp smtp://host:port, or set SMTP_URL.');
  const from = options.from ?? own?.settings.from?.address ?? places.mailFrom;
  if (from === undefined) throw new OperatorError('No sender is named. Give --from, or set MAIL_FROM.');
  return { smtpUrl, from };
}

type TextOptions = TestOptions & {
  to: string;
  country?: string;
  from?: string;
  messagingService?: string;
  baseUrl?: string;
  text: string;
};

function textCommand(channel: 'sms' | 'whatsapp'): Command {
  const what = channel === 'sms' ? 'text' : 'WhatsApp message';
  return testOptions(new Command(channel))
    .description(
      `Send a test ${what} through Twilio, by the organization's account or that of TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.`,
    )
    .requiredOption('--to <number>', 'where it goes')
    .option('--country <code>', 'country of a number without +, such as GB')
    .option('--from <number>', 'a number of the account')
    .option('--messaging-service <sid>', 'instead of --from')
    .option('--text <text>', 'what it says', 'If you can read this, the channel works.')
    .option('--base-url <url>', "another address than Twilio's, such as the dev inbox")
    .action(async (options: TextOptions) => {
      const own = await ownSender(options, (trx, organizationId, keys) =>
        openTextSender(trx, organizationId, channel, keys),
      );
      const account = await accountFrom(options, own);
      const number = parsePhoneNumber(options.to, options.country ?? (await ownCountry(options)));
      if (number === null)
        throw new OperatorError(
          `"${options.to}" is no telephone number. Write it like +447700900123, or give --country.`,
        );
      const { segments, encoding } = smsSize(options.text);
      await writeOut(
        process.stdout,
        `Text: ${segments} ${segments === 1 ? 'segment' : 'segments'}, ${encoding}; ${number.kind} number${number.valid ? '' : ', not assigned to anybody'}\n`,
      );
      const client = channel === 'sms' ? createSmsChannel(account) : createWhatsappChannel(account);
      const sent = await client.send({ id: randomUUID(), to: number.e164, body: options.text });
      await note(options, channel, [await report(`Test ${what}`, sent)]);
    });
}

async function accountFrom(
  options: TextOptions,
  own: OpenedSender<TextSettings, TextSecrets> | null,
): Promise<TwilioOptions> {
  const platform = await twilioParts(resolve(options.data));
  const accountSid = own?.settings.accountSid ?? platform.accountSid;
  const authToken = own?.secrets.authToken ?? platform.authToken;
  if (accountSid === undefined || authToken === undefined) {
    throw new OperatorError('No account is named. Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.');
  }
  // An account of one's own is at Twilio, not in the inbox, unless it is the inbox's.
  const baseUrl = options.baseUrl ?? (accountSid === platform.accountSid ? platform.baseUrl : undefined);
  const sender = options.from ?? options.messagingService ?? own?.settings.sender ?? platform.sender;
  if (sender === undefined) throw new OperatorError('No sender is named. Give --from or --messaging-service.');
  return {
    accountSid,
    authToken,
    sender: sender.startsWith('MG') ? { messagingServiceSid: sender } : { from: sender },
    ...(baseUrl === undefined ? {} : { baseUrl }),
  };
}

type TestOptions = { organization?: string; data: string };

function testOptions(command: Command): Command {
  return command
    .option('--organization <slug>', 'whose own sender is tried')
    .option('--data <folder>', 'the development set-up whose database is used, unless DATABASE_URL is set', '.wedsync');
}

/** The organization's own sender; null where no organization is named. */
async function ownSender<Opened>(
  { organization, data }: TestOptions,
  open: (trx: Trx, organizationId: string, keys: KeyRing) => Promise<Opened>,
): Promise<Opened | null> {
  if (organization === undefined) return null;
  const keys = await sealingKeys(resolve(data), process.env);
  return inOrganization({ organization, data }, (trx, organizationId) => open(trx, organizationId, keys));
}

/** Whose numbers an organization's are that stand without their country. */
async function ownCountry({ organization, data }: TestOptions): Promise<string | undefined> {
  if (organization === undefined) return undefined;
  return inOrganization({ organization, data }, async (trx) => {
    const { rows } = await sql<Parameters<typeof countryOfOrganization>[0]>`
      select locale, settings from app.organizations`.execute(trx);
    return rows[0] === undefined ? undefined : countryOfOrganization(rows[0]);
  });
}

/** Keeps with the organization's sender how its test ended. */
async function note(
  { organization, data }: TestOptions,
  channel: 'email' | 'sms' | 'whatsapp',
  results: readonly SendResult[],
): Promise<void> {
  if (organization === undefined) return;
  const problem = results.find(({ outcome }) => outcome !== 'accepted')?.detail ?? null;
  await inOrganization({ organization, data }, (trx) => noteSenderCheck(trx, channel, new Date(), problem));
}

function dkimCommand(): Command {
  return new Command('dkim-key')
    .description('Make a key that signs mail: the private key on standard output, the DNS record on standard error.')
    .action(async () => {
      const { pem, record } = createDkimKey();
      await writeOut(process.stderr, `Publish this TXT record at <selector>._domainkey.<your domain>:\n${record}\n`);
      await writeOut(process.stdout, pem);
    });
}

function keyFrom(pem: string, name: string) {
  const reading = readDkimKey(pem);
  if (!reading.ok) throw new OperatorError(`${name}: ${reading.problem}`);
  return reading;
}

async function reportDomain(
  domain: string,
  options: Pick<EmailOptions, 'dnsServer'> & { selector: string | undefined },
  record: string | undefined,
): Promise<void> {
  const resolver = new Resolver({ timeout: 3_000, tries: 2 });
  if (options.dnsServer !== undefined) resolver.setServers([options.dnsServer]);
  const dkim =
    options.selector === undefined
      ? undefined
      : { selector: options.selector, ...(record === undefined ? {} : { record }) };
  const findings = await checkSenderDomain(domain, resolver, dkim).catch((error: unknown): DomainFinding[] => {
    const reason = error instanceof Error ? error.message : String(error);
    return [
      {
        subject: 'mx',
        state: 'warning',
        message: `The DNS could not be asked (${reason}); nothing is known about the sender.`,
      },
    ];
  });
  const colours = coloursFor(process.stdout, process.env);
  const paint = { good: colours.green, warning: colours.yellow, bad: colours.red };
  for (const { subject, state, message } of findings) {
    await writeOut(
      process.stdout,
      `${subject.toUpperCase().padEnd(5)}  ${paint[state](state.padEnd(7))}  ${printable(message)}\n`,
    );
    if (state === 'bad') process.exitCode = 1;
  }
}

async function report(what: string, result: SendResult): Promise<SendResult> {
  const good = result.outcome === 'accepted';
  const code = result.code === undefined ? '' : ` [${result.code}]`;
  await writeOut(process.stdout, `${what}: ${result.outcome}${code}. ${printable(result.detail)}\n`);
  if (!good) process.exitCode = 1;
  return result;
}
