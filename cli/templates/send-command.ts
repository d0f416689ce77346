import { randomUUID } from 'node:crypto';

import { Command } from 'commander';
import type { SendResult } from '../../channels/channel.ts';
import { createEmailChannel } from '../../channels/email.ts';
import { createSmsChannel, createWhatsappChannel } from '../../channels/twilio.ts';
import { OperatorError } from '../operator-error.ts';
import { printable } from '../output/printable.ts';
import { writeOut } from '../output/write-out.ts';
import { placesOf } from './places.ts';
import { withWords, wordsToShow, type Words, type WordsOptions } from './words-to-show.ts';

const TEST_TIMEOUT_MS = 60_000;

/** `wedsync templates send`: one copy to oneself. */
export function sendCommand(): Command {
  return withWords(new Command('send'))
    .description(
      'Send one copy of a message to yourself. It is marked as a test, and nothing of it is kept with the couple.',
    )
    .requiredOption('--to <address>', 'your email address or telephone number (+44...)')
    .option('--from <address>', 'the sender (default: MAIL_FROM or TWILIO_SENDER)')
    .addHelpText(
      'after',
      `
The mail server is SMTP_URL, the account for texts TWILIO_ACCOUNT_SID; without them it is the dev inbox.
Exit codes: 0 it was taken, 1 it was not, 2 usage.

Examples:
  wedsync templates send welcome.mjml --to you@example.com
  wedsync templates send venue_welcome --organization caerwyn-manor --client sian@example.com --to you@example.com`,
    )
    .action(async (template: string, options: WordsOptions & { to: string; from?: string }) => {
      const shown = await wordsToShow(template, options);
      if (!shown.ok) {
        await writeOut(process.stderr, `${printable(shown.problem)} Nothing was sent.\n`);
        process.exitCode = 1;
        return;
      }
      const result = await send(shown.words, options);
      const code = result.code === undefined ? '' : ` [${result.code}]`;
      await writeOut(process.stdout, `Test: ${result.outcome}${code}. ${printable(result.detail)}\n`);
      if (result.outcome !== 'accepted') process.exitCode = 1;
    });
}

async function send(
  words: Words,
  { to, from, data }: { to: string; from?: string; data: string },
): Promise<SendResult> {
  const places = await placesOf(data);
  const id = randomUUID();
  if (words.channel === 'email') {
    if (places.smtpUrl === undefined) throw new OperatorError(NO_PLACE);
    const sender = from ?? places.mailFrom ?? 'test@wedsync.invalid';
    const channel = createEmailChannel({ smtpUrl: places.smtpUrl, from: { address: sender } });
    try {
      const subject = `[Test] ${words.subject}`;
      const { text, html, locale } = words;
      const attachments = [...words.attachments];
      const message = { id, to: { address: to }, subject, text, composedAt: new Date(), language: locale, attachments };
      return await channel.send(html === undefined ? message : { ...message, html }, {
        deadline: new Date(Date.now() + TEST_TIMEOUT_MS),
      });
    } finally {
      await channel.close();
    }
  }
  if (places.twilio === undefined) throw new OperatorError(NO_PLACE);
  const account = from === undefined ? places.twilio : { ...places.twilio, sender: { from } };
  const channel = words.channel === 'sms' ? createSmsChannel(account) : createWhatsappChannel(account);
  return channel.send({ id, to: to.replaceAll(/[\s()-]/g, ''), body: `[Test] ${words.text}` });
}

const NO_PLACE =
  'Nobody is there to send it. Start "npm run dev" in another terminal, or set SMTP_URL (mails) or TWILIO_ACCOUNT_SID (texts).';
