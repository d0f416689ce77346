import twilio from 'twilio';
import type { z } from 'zod';
import type { Channel, SendOptions, SendResult } from './channel.ts';
import { classifyTwilio, type TwilioFailure } from './classify-twilio.ts';
import { MISSING, readApproval, type ContentApproval } from './content-approval.ts';
import { smsMessageSchema, whatsappMessageSchema, type SmsMessage, type WhatsappMessage } from './text-message.ts';

export type TwilioOptions = {
  accountSid: string;
  authToken: string;
  /** A number of the account, or a messaging service that chooses one. */
  sender: { from: string } | { messagingServiceSid: string };
  /** Where status callbacks go; `c=<communication id>` is added, and is what resolves a lost answer. */
  statusCallbackUrl?: string;
  /** Another address than api.twilio.com: the development inbox. */
  baseUrl?: string;
  /** How long an answer is waited for, in milliseconds; 20 s by default. */
  timeoutMs?: number;
};

/** A message that Twilio has, as `find` gives it. */
export type FoundMessage = { providerId: string; status: string };

export type TwilioChannel<Message> = Channel<Message> & {
  /** Asks Twilio whether WhatsApp has approved a template of the account. @throws where Twilio does not answer */
  approvalOf(contentSid: string): Promise<ContentApproval>;
  /** Asks Twilio for a message to this number with this text since `sentAfter`: the last resort for a lost answer. */
  find(message: { to: string; body: string }, sentAfter: Date): Promise<FoundMessage | null>;
};

/** Text messages through Twilio. */
export function createSmsChannel(options: TwilioOptions): TwilioChannel<SmsMessage> {
  return createTwilioChannel(options, smsMessageSchema, '', (message) => ({ body: message.body }));
}

/** WhatsApp messages through Twilio: free text, or an approved template with its variables. */
export function createWhatsappChannel(options: TwilioOptions): TwilioChannel<WhatsappMessage> {
  return createTwilioChannel(options, whatsappMessageSchema, 'whatsapp:', (message) =>
    'body' in message
      ? { body: message.body }
      : { contentSid: message.contentSid, contentVariables: JSON.stringify(message.contentVariables) },
  );
}

const NOT_BEGUN: SendResult = {
  outcome: 'not_accepted',
  handling: 'retry',
  retryAfterMs: 60_000,
  code: 'GIVEN_UP',
  detail: 'Not sent: the attempt was given up before Twilio was asked.',
};

type Content = { body: string } | { contentSid: string; contentVariables: string };
type Common = {
  id: string;
  to: string;
  statusCallbackUrl?: string | undefined;
  validitySeconds?: number | undefined;
};

function createTwilioChannel<Message extends Common>(
  options: TwilioOptions,
  schema: z.ZodType<Message>,
  prefix: '' | 'whatsapp:',
  contentOf: (message: Message) => Content,
): TwilioChannel<Message> {
  const client = twilio(options.accountSid, options.authToken, {
    timeout: options.timeoutMs ?? 20_000,
    // A kept connection may be closed by the other side at the moment it is used again; then nobody could say whether
    // the message was taken. A new one for each message costs a handshake and keeps the answer certain.
    keepAlive: false,
    // Twice the same request would be twice the same message: creating one has no idempotency key.
    autoRetry: false,
    lazyLoading: true,
  });
  if (options.baseUrl !== undefined) {
    client.api.baseUrl = options.baseUrl.replace(/\/$/, '');
    client.content.baseUrl = client.api.baseUrl;
  }
  const { sender } = options;
  const from =
    'from' in sender ? { from: `${prefix}${sender.from}` } : { messagingServiceSid: sender.messagingServiceSid };

  return {
    async send(message, sendOptions = {}) {
      const parsed = schema.safeParse(message);
      if (!parsed.success) return invalid(parsed.error);
      const { id, to, validitySeconds, statusCallbackUrl = options.statusCallbackUrl } = parsed.data;
      try {
        await sendOptions.beforeHandOver?.();
        sendOptions.signal?.throwIfAborted();
      } catch {
        return NOT_BEGUN;
      }
      const request = client.messages.create({
        to: `${prefix}${to}`,
        ...from,
        ...contentOf(parsed.data),
        ...(validitySeconds === undefined ? {} : { validityPeriod: validitySeconds }),
        ...(statusCallbackUrl === undefined ? {} : { statusCallback: callbackUrl(statusCallbackUrl, id) }),
      });
      try {
        const sent = await withinTime(request, sendOptions);
        return { outcome: 'accepted', providerId: sent.sid, detail: 'Twilio took the message.' };
      } catch (error) {
        return classifyTwilio(failureOf(error));
      }
    },
    async find(message, sentAfter) {
      const candidates = await client.messages.list({
        to: `${prefix}${message.to}`,
        dateSentAfter: sentAfter,
        limit: 50,
      });
      const found = candidates.find(
        (candidate) => candidate.body === message.body && candidate.direction.startsWith('outbound'),
      );
      return found === undefined ? null : { providerId: found.sid, status: found.status };
    },
    async approvalOf(contentSid) {
      try {
        return readApproval((await client.content.v1.contents(contentSid).approvalFetch().fetch()).whatsapp);
      } catch (error) {
        const failure = failureOf(error);
        if (failure.status === 404) return MISSING;
        throw new TwilioAnswerError(classifyTwilio(failure).detail);
      }
    },
    async close() {},
  };
}

/**
 * The callback's address for one communication. The fragment is Twilio's own syntax for how often it repeats a call
 * that failed: three times, on any failure (twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
 */
function callbackUrl(base: string, communicationId: string): string {
  const url = new URL(base);
  url.searchParams.set('c', communicationId);
  url.hash = 'rc=3&rp=all';
  return url.href;
}

// The SDK takes no signal. An attempt that is given up goes on in the background, which is what `unknown` says.
async function withinTime<T>(request: Promise<T>, { signal, deadline }: SendOptions): Promise<T> {
  const signals = signal === undefined ? [] : [signal];
  if (deadline !== undefined) signals.push(AbortSignal.timeout(Math.max(0, deadline.getTime() - Date.now())));
  if (signals.length === 0) return request;
  const giveUp = AbortSignal.any(signals);
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(new GaveUpError('given up'));
  if (giveUp.aborted) stop();
  giveUp.addEventListener('abort', stop, { once: true });
  // Whoever loses the race must not end the process with an error that nobody waits for.
  request.catch(() => {});
  try {
    return await Promise.race([request, promise]);
  } finally {
    giveUp.removeEventListener('abort', stop);
  }
}

/** Twilio could not be asked; the message says why, without credentials. */
export class TwilioAnswerError extends Error {
  override name = 'TwilioAnswerError';
}

class GaveUpError extends Error {
  override name = 'GaveUpError';
}

const BEFORE_CONNECTION =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPROTO|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS)/;

/** Takes the few harmless fields out of the SDK's error, which otherwise carries the credentials and the number. */
function failureOf(error: unknown): TwilioFailure {
  if (error instanceof GaveUpError) return { networkCode: 'DEADLINE', neverConnected: false };
  const fields = error as { status?: unknown; code?: unknown; cause?: { syscall?: unknown } };
  const status = typeof fields.status === 'number' ? fields.status : undefined;
  if (status !== undefined) {
    return { status, neverConnected: false, ...(typeof fields.code === 'number' ? { code: fields.code } : {}) };
  }
  const networkCode = typeof fields.code === 'string' ? fields.code : 'NETWORK';
  return { networkCode, neverConnected: BEFORE_CONNECTION.test(networkCode) || fields.cause?.syscall === 'connect' };
}

function invalid(error: z.ZodError): SendResult {
  const issue = error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'message' : issue.path.join('.');
  return {
    outcome: 'refused',
    handling: where === 'to' ? 'suppress' : 'permanent',
    code: 'INVALID_MESSAGE',
    detail: `Not sent: "${where}" ${issue?.message ?? 'is not valid'}.`,
  };
}
