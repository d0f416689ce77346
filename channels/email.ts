import { Readable } from 'node:stream';

import { createTransport, type MailMessage, type SendMailOptions } from 'nodemailer';
import { z } from 'zod';
import type { Channel, SendOptions, SendResult } from './channel.ts';
import { classifySmtp } from './classify-smtp.ts';
import { composeEmail, type ComposedEmail, type DkimKey } from './compose-email.ts';
import { emailMessageSchema, type EmailMessage, type Mailbox } from './email-message.ts';

export type EmailChannelOptions = {
  /** `smtp://user:password@host:587` or `smtps://...`; anywhere but on this machine the connection is encrypted. */
  smtpUrl: string;
  /** The sender of messages which name none. */
  from: Mailbox;
  dkim?: DkimKey;
  /** Connections held at once; 5 by default. */
  maxConnections?: number;
  /** Messages a second over all connections; unlimited by default. */
  rateLimit?: number;
  /** How long a silent server is waited for, in milliseconds; 10 minutes by default (RFC 5321 4.5.3.2.6). */
  replyTimeoutMs?: number;
  /** How long connecting may take, in milliseconds; 30 s by default. */
  connectTimeoutMs?: number;
};

export type EmailChannel = Channel<EmailMessage> & {
  /** Sends bytes composed before, unchanged. */
  sendComposed(composed: ComposedEmail, options?: SendOptions): Promise<SendResult>;
  /** Connects and logs in, without sending anything. */
  verify(): Promise<SendResult>;
};

const smtpUrlSchema = z.url({ protocol: /^smtps?$/, error: 'is not a mail server; write smtp://host:port' });

/** Opens a pool of connections to one mail server for one sender. */
export function createEmailChannel(options: EmailChannelOptions): EmailChannel {
  const pool = openPool(options);

  async function sendComposed(
    composed: ComposedEmail,
    { signal, deadline, beforeHandOver }: SendOptions = {},
  ): Promise<SendResult> {
    const marker: HandOver = { handedOver: false, ...(beforeHandOver === undefined ? {} : { beforeHandOver }) };
    const giveUp = abortAt(signal, deadline);
    try {
      const mail: SendMailOptions & Watched = {
        raw: composed.raw,
        // The boundaries are in the bytes already; without this each message would pay for a new random one.
        baseBoundary: 'composed',
        envelope: composed.envelope,
        messageId: composed.messageId,
        dsn: dsnOf(composed),
        handOver: marker,
        ...(giveUp === undefined ? {} : { signal: giveUp }),
      };
      await pool.sendMail(mail);
      return { outcome: 'accepted', providerId: composed.messageId, detail: 'The mail server took the message.' };
    } catch (error) {
      return classifySmtp({ ...failureOf(error), handedOver: marker.handedOver });
    }
  }

  return {
    sendComposed,
    async send(message, sendOptions) {
      const checked = checkedEmail(message);
      if (!checked.ok) return checked.result;
      const composed = await composeEmail(checked.message, checked.message.from ?? options.from, options.dkim);
      return sendComposed(composed, sendOptions);
    },
    async verify() {
      try {
        await pool.verify();
        return { outcome: 'accepted', detail: 'The mail server is there and lets us in.' };
      } catch (error) {
        return classifySmtp({ ...failureOf(error), handedOver: false });
      }
    },
    async close() {
      pool.close();
    },
  };
}

/** A message checked before anything is made of it, or the refusal that says what is wrong with it. */
export function checkedEmail(
  message: EmailMessage,
): { ok: true; message: EmailMessage } | { ok: false; result: SendResult } {
  const parsed = emailMessageSchema.safeParse(message);
  return parsed.success ? { ok: true, message: parsed.data } : { ok: false, result: invalid(parsed.error) };
}

/** Where the stream of one attempt notes that its last byte has been read for the wire. */
type HandOver = { handedOver: boolean; beforeHandOver?: () => Promise<void> };
type Watched = { handOver?: HandOver };

function openPool(options: EmailChannelOptions) {
  const url = new URL(smtpUrlSchema.parse(options.smtpUrl));
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  const pool = createTransport({
    pool: true,
    url: options.smtpUrl,
    maxConnections: options.maxConnections ?? 5,
    maxMessages: 100,
    // Only a message of which no byte was sent is put back by the pool (a connection that died while idle).
    maxRequeues: 1,
    ...(options.rateLimit === undefined ? {} : { rateLimit: options.rateLimit }),
    socketTimeout: options.replyTimeoutMs ?? 600_000,
    connectionTimeout: options.connectTimeoutMs ?? 30_000,
    greetingTimeout: options.connectTimeoutMs ?? 30_000,
    dnsTimeout: options.connectTimeoutMs ?? 30_000,
    requireTLS: !local && url.protocol === 'smtp:',
    ignoreTLS: local,
    tls: { minVersion: 'TLSv1.2' },
    maxRecipients: 1,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  pool.use('stream', (mail, done) => {
    watchHandOver(mail);
    done();
  });
  return pool;
}

/**
 * When a connection dies, the client's error does not say whether the message may have arrived. The end of the message
 * stream does: before it the final dot cannot have left, after it only the server knows.
 */
function watchHandOver(mail: MailMessage): void {
  const marker = (mail.data as Watched).handOver;
  if (marker === undefined) return;
  mail.message.processFunc((stream) => {
    if (marker.handedOver) {
      // The pool began again after the final dot. It never should; a second copy must not leave even then.
      stream.destroy(new Error('The message had already been handed over once.'));
      return stream;
    }
    const leaving = marker.beforeHandOver === undefined ? stream : gated(stream, marker.beforeHandOver);
    leaving.once('end', () => {
      marker.handedOver = true;
    });
    return leaving;
  });
}

/**
 * Lets nothing through before `ask` has agreed; its refusal ends the stream with that error. It asks when the message
 * is first read, which is when the mail server has agreed to take it: until then it is certain that nothing has left.
 */
function gated(stream: Readable, ask: () => Promise<void>): Readable {
  const leaving = Readable.from(
    (async function* () {
      await ask();
      yield* stream;
    })(),
    { objectMode: false },
  );
  leaving.once('close', () => stream.destroy());
  return leaving;
}

// RFC 3461: the envelope id comes back in bounces; FAILURE and DELAY, because a report of success would be noise.
function dsnOf(composed: ComposedEmail): { id: string; return: string; notify: string[]; recipient: string } {
  const id = composed.messageId.slice(1, composed.messageId.indexOf('@')).replace(/\.1$/, '');
  return { id, return: 'HDRS', notify: ['FAILURE', 'DELAY'], recipient: `rfc822;${composed.envelope.to}` };
}

function abortAt(signal: AbortSignal | undefined, deadline: Date | undefined): AbortSignal | undefined {
  const signals = signal === undefined ? [] : [signal];
  if (deadline !== undefined) signals.push(AbortSignal.timeout(Math.max(0, deadline.getTime() - Date.now())));
  return signals.length === 0 ? undefined : AbortSignal.any(signals);
}

function failureOf(error: unknown): { message: string; code?: string; response?: string; responseCode?: number } {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, response, responseCode } = error as Error & Record<string, unknown>;
  return {
    message: error.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof response === 'string' ? { response } : {}),
    ...(typeof responseCode === 'number' ? { responseCode } : {}),
  };
}

function invalid(error: z.ZodError): SendResult {
  const issue = error.issues[0];
  const where = issue === undefined ? 'message' : issue.path.join('.');
  return {
    outcome: 'refused',
    handling: where.startsWith('to') ? 'suppress' : 'permanent',
    code: 'INVALID_MESSAGE',
    detail: `Not sent: "${where}" ${issue?.message ?? 'is not valid'}.`,
  };
}
