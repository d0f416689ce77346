import { randomUUID } from 'node:crypto';
import { createTransport } from 'nodemailer';
import type { CaughtMessage } from './caught-message.ts';
import type { MessageStore } from './message-store.ts';
import { postMail } from './post-mail.ts';
import { readEmail } from './read-email.ts';
import { returnedMail } from './returned-mail.ts';

/** What becomes of a mail after it has arrived. */
export interface MailReactions {
  /** Its mail server sends it back (with a status of RFC 3463), or its reader calls it unwanted. */
  giveBack(about: CaughtMessage, kind: 'bounce' | 'complaint', status?: string): Promise<void>;
  /** Its reader answers. */
  answer(about: CaughtMessage, text: string): Promise<void>;
}

/**
 * Mails that go back to the sender: each is kept in the inbox, and handed over to whoever reads returned mails.
 *
 * @param returnedMailUrl where they are posted; absent: they stay in the inbox
 */
export function mailReactions(store: MessageStore, returnedMailUrl: string | undefined): MailReactions {
  const bring = async (raw: Buffer, to: string, about: CaughtMessage): Promise<void> => {
    store.put(await readEmail(raw, { from: '', to: [to] }));
    if (returnedMailUrl !== undefined) await postMail(returnedMailUrl, raw.toString('utf8'), about);
  };
  return {
    giveBack: (about, kind, status) =>
      bring(Buffer.from(returnedMail(kind, about, status)), about.details['Bounces'] ?? '', about),
    answer: async (about, text) => {
      const to = header(about, 'reply-to') ?? about.from;
      await bring(await answerMail(about, to, text), addressOf(to), about);
    },
  };
}

/** An answer as a mail program writes it: it names what it answers, and quotes it. */
async function answerMail(about: CaughtMessage, to: string, text: string): Promise<Buffer> {
  const [from = ''] = about.to;
  const quoted = about.text
    .trim()
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n');
  const { message } = await createTransport({ streamTransport: true, buffer: true, newline: 'windows' }).sendMail({
    from,
    to,
    subject: /^re:/i.test(about.subject) ? about.subject : `Re: ${about.subject}`,
    messageId: `<${randomUUID()}@inbox.example.net>`,
    ...(about.providerId === undefined ? {} : { inReplyTo: about.providerId, references: about.providerId }),
    text: `${text}\n\nOn ${new Date(about.receivedAt).toUTCString()}, ${about.from} wrote:\n${quoted}`,
    xMailer: false,
  });
  if (!Buffer.isBuffer(message)) throw new Error('The mail composer gave no bytes.');
  return message;
}

function header({ headers }: CaughtMessage, name: string): string | undefined {
  return headers.find((one) => one.name.toLowerCase() === name)?.value;
}

const addressOf = (mailbox: string): string => /<([^<>]+)>\s*$/.exec(mailbox)?.[1] ?? mailbox;
