import { randomUUID } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { checkSenderDomain, type DomainFinding } from '../../channels/check-sender-domain.ts';
import type { SendResult } from '../../channels/channel.ts';
import { createDkimKey, readDkimKey } from '../../channels/dkim-key.ts';
import { createEmailChannel } from '../../channels/email.ts';
import { parsePhoneNumber } from '../../channels/phone-number.ts';
import { smsSize } from '../../channels/sms-segments.ts';
import { createSmsChannel } from '../../channels/twilio.ts';
import { OperatorError } from '../operator-error.ts';
import { coloursFor } from '../output/colours.ts';
import { printable } from '../output/printable.ts';
import { writeOut } from '../output/write-out.ts';

/** `wedsync channels ...`: try the ways in which messages leave. */
export function channelsCommand(): Command {
  const channels = new Command('channels').description('Try the ways in which messages leave, and make keys for them.');
  const test = new Command('test').description(
    'Find out whether a channel works, and whether its mail will be believed.',
  );
  channels.addCommand(test.addCommand(emailCommand()).addCommand(smsCommand())).addCommand(dkimCommand());
  return channels;
}

type EmailOptions = {
  smtp?: string;
  from: string;
  to?: string;
  dkimKey?: string;
  selector?: string;
  dns: boolean;
  dnsServer?: string;
};

function emailCommand(): Command {
  return new Command('email')
    .description(
      'Connect to the mail server, look at the DNS of the sender, and send a test mail if a recipient is given.',
    )
    .requiredOption('--from <address>', 'the sender')
    .option('--smtp <url>', 'the mail server (default: SMTP_URL)')
    .option('--to <address>', 'where a test mail goes')
    .option('--selector <name>', 'DKIM selector whose record is looked for')
    .option('--dkim-key <file>', 'private key (PEM) that signs the test mail and must fit the record')
    .option('--dns-server <address>', 'ask this name server, as 192.0.2.53:53')
    .option('--no-dns', 'do not look at the DNS')
    .addHelpText(
      'after',
      '\nExit codes: 0 it works, 1 it does not, 2 usage.\n\nExample:\n  wedsync channels test email --smtp smtp://127.0.0.1:1025 --from hello@example.com --to you@example.com',
    )
    .action(async (options: EmailOptions) => {
      const smtpUrl = options.smtp ?? process.env['SMTP_URL'];
      if (smtpUrl === undefined)
        throw new OperatorError('No mail server is named. Give --smtp smtp://host:port, or set SMTP_URL.');
      const domain = options.from.slice(options.from.lastIndexOf('@') + 1);
      const key = options.dkimKey === undefined ? undefined : await keyFrom(options.dkimKey);
      const selector = options.selector ?? 'wedsync';
      if (options.dns) await reportDomain(domain, options, key === undefined ? undefined : key.record);
      const channel = createEmailChannel({
        smtpUrl,
        from: { address: options.from },
        connectTimeoutMs: 10_000,
        ...(key === undefined ? {} : { dkim: { domain, selector, privateKey: key.key } }),
      });
      try {
        await report('Connection', await channel.verify());
        if (options.to === undefined) return;
        const message = {
          id: randomUUID(),
          to: { address: options.to },
          subject: 'A test of your email channel',
          text: 'If you can read this, the channel works.',
          composedAt: new Date(),
        };
        await report('Test mail', await channel.send(message, { deadline: new Date(Date.now() + 60_000) }));
      } finally {
        await channel.close();
      }
    });
}

type SmsOptions = {
  to: string;
  country?: string;
  from?: string;
  messagingService?: string;
  baseUrl?: string;
  text: string;
};

function smsCommand(): Command {
  return new Command('sms')
    .description('Send a test text through Twilio. TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN name the account.')
    .requiredOption('--to <number>', 'where it goes')
    .option('--country <code>', 'country of a number without +, such as GB')
    .option('--from <number>', 'a number of the account')
    .option('--messaging-service <sid>', 'instead of --from')
    .option('--text <text>', 'what it says', 'If you can read this, the channel works.')
    .option('--base-url <url>', "another address than Twilio's, such as the dev inbox")
    .action(async (options: SmsOptions) => {
      const accountSid = process.env['TWILIO_ACCOUNT_SID'];
      const authToken = process.env['TWILIO_AUTH_TOKEN'];
      if (accountSid === undefined || authToken === undefined) {
        throw new OperatorError('No account is named. Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.');
      }
      const number = parsePhoneNumber(options.to, options.country);
      if (number === null)
        throw new OperatorError(
          `"${options.to}" is no telephone number. Write it like +447700900123, or give --country.`,
        );
      const { from, messagingService } = options;
      const sender =
        from === undefined
          ? messagingService === undefined
            ? null
            : { messagingServiceSid: messagingService }
          : { from };
      if (sender === null) throw new OperatorError('No sender is named. Give --from or --messaging-service.');
      const { segments, encoding } = smsSize(options.text);
      await writeOut(
        process.stdout,
        `Text: ${segments} ${segments === 1 ? 'segment' : 'segments'}, ${encoding}; ${number.kind} number${number.valid ? '' : ', not assigned to anybody'}\n`,
      );
      const channel = createSmsChannel({
        accountSid,
        authToken,
        sender,
        ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl }),
      });
      await report('Test text', await channel.send({ id: randomUUID(), to: number.e164, body: options.text }));
    });
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

async function keyFrom(file: string) {
  const pem = await readFile(file, 'utf8').catch(() => {
    throw new OperatorError(`${file} cannot be read.`);
  });
  const reading = readDkimKey(pem);
  if (!reading.ok) throw new OperatorError(`${file}: ${reading.problem}`);
  return reading;
}

async function reportDomain(domain: string, options: EmailOptions, record: string | undefined): Promise<void> {
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

async function report(what: string, result: SendResult): Promise<void> {
  const good = result.outcome === 'accepted';
  const code = result.code === undefined ? '' : ` [${result.code}]`;
  await writeOut(process.stdout, `${what}: ${result.outcome}${code}. ${printable(result.detail)}\n`);
  if (!good) process.exitCode = 1;
}
