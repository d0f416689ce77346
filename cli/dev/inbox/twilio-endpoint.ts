import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DomUtils, parseDocument } from 'htmlparser2';
import { z } from 'zod';
import { smsSize } from '../../../channels/sms-segments.ts';
import { readOptOut } from '../../../channels/opt-out-keywords.ts';
import type { CaughtMessage } from './caught-message.ts';
import type { InboxApproval } from './content-endpoint.ts';
import type { Fault, FaultPlan } from './faults.ts';
import type { MessageStore } from './message-store.ts';
import { signedCall } from './signed-call.ts';
import { planCallbacks } from './twilio-callbacks.ts';
import { bare, isWhatsapp, judgeMessage, messageFormSchema, type MessageForm } from './twilio-rules.ts';
import { twilioResource } from './twilio-resource.ts';

export type TwilioAccount = { accountSid: string; authToken: string };

export type TwilioEndpointOptions = {
  store: MessageStore;
  faults: FaultPlan;
  account: TwilioAccount;
  /** What WhatsApp says about templates, by their id; one that is not here is approved. */
  approvals: ReadonlyMap<string, InboxApproval>;
  /** Where texts from the telephone go; absent: to the address that the answered message's status went to. */
  inboundUrl?: string | undefined;
  /** Between the status callbacks of a message, in milliseconds. */
  callbackPaceMs: number;
  /** What a mail's reader answers; telephones are this endpoint's own. */
  answerMail: (message: CaughtMessage, text: string) => Promise<void>;
};

const sidParams = z.object({ accountSid: z.string(), sid: z.string().optional() });
const listQuery = z.object({
  To: z.string().optional(),
  From: z.string().optional(),
  'DateSent>': z.string().optional(),
});
const replyBody = z.strictObject({ text: z.string().min(1).max(1_600) });

/**
 * Twilio's messages API as the real SDK speaks it: takes texts and WhatsApp messages, refuses what Twilio documents as
 * refused with Twilio's codes, calls back with signed status changes, and lets the telephone answer.
 */
export async function twilioEndpoint(server: FastifyInstance, options: TwilioEndpointOptions): Promise<void> {
  const { store, faults, account } = options;
  const optedOut = new Set<string>();
  const lastInboundAt = new Map<string, Date>();
  const timers = new Set<NodeJS.Timeout>();
  server.addHook('onClose', async () => timers.forEach((timer) => clearTimeout(timer)));
  server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, readForm(String(body))),
  );
  server.addHook('preHandler', async (request, reply) => {
    if (!request.url.startsWith('/2010-04-01/')) return;
    const { accountSid } = sidParams.parse(request.params);
    const expected = `Basic ${Buffer.from(`${account.accountSid}:${account.authToken}`).toString('base64')}`;
    if (request.headers.authorization !== expected) await refuse(reply, 401, 20003, 'Authenticate');
    else if (accountSid !== account.accountSid) await refuse(reply, 404, 20404, 'The account was not found');
  });

  server.post('/2010-04-01/Accounts/:accountSid/Messages.json', async (request, reply) => {
    const form = messageFormSchema.parse(request.body);
    const refused = judgeMessage(form, { optedOut, lastInboundAt, approvals: options.approvals, now: new Date() });
    if (refused !== null) return refuse(reply, refused.status, refused.code, refused.message);
    const fault = faults.take(isWhatsapp(form.To) ? 'whatsapp' : 'sms', bare(form.To));
    return take(form, fault, request, reply);
  });
  server.get('/2010-04-01/Accounts/:accountSid/Messages/:sid.json', async (request, reply) => {
    const message = store.get(sidParams.parse(request.params).sid ?? '');
    if (message === undefined) return refuse(reply, 404, 20404, 'The message was not found');
    return twilioResource(message, account.accountSid);
  });
  server.get('/2010-04-01/Accounts/:accountSid/Messages.json', async (request) => {
    const query = listQuery.parse(request.query);
    const since = query['DateSent>'] === undefined ? 0 : Date.parse(query['DateSent>']);
    const found = store
      .list()
      .filter(
        (message) =>
          /^SM[0-9a-f]{32}$/.test(message.id) &&
          (query.To === undefined || addressOf(message, message.to[0] ?? '') === query.To) &&
          (query.From === undefined || message.from === query.From) &&
          Date.parse(message.receivedAt) >= since,
      );
    const messages = found.map((message) => twilioResource(message, account.accountSid));
    return {
      messages,
      page: 0,
      page_size: 50,
      start: 0,
      end: messages.length,
      next_page_uri: null,
      previous_page_uri: null,
    };
  });
  server.post('/api/messages/:id/reply', async (request, reply) => {
    const { id } = z.object({ id: z.string() }).parse(request.params);
    const message = store.get(id);
    if (message === undefined || message.channel === 'webhook') {
      return reply.code(404).send({ error: 'not_found', message: 'There is no such message to answer.' });
    }
    const { text } = replyBody.parse(request.body);
    if (message.channel !== 'email') return answer(message, text);
    await options.answerMail(message, text);
    return { told: null };
  });

  async function take(form: MessageForm, fault: Fault | undefined, request: FastifyRequest, reply: FastifyReply) {
    if (fault?.kind === 'refuse') return refuse(reply, 400, fault.code ?? 21610, fault.text ?? 'Refused on demand');
    if (fault?.kind === 'defer') return refuse(reply, 429, fault.code ?? 20429, 'Too Many Requests');
    if (fault?.kind === 'drop_before_data') return hangUp(request, reply);
    const message = messageOf(form);
    if (fault?.keep !== false) {
      store.put(message);
      if (fault?.kind === 'deliver_twice') store.put({ ...message, id: `${message.id}-copy` });
      if (fault?.kind === 'answer_stop') later(options.callbackPaceMs * 5, () => void answer(message, 'STOP'));
      callBack(message, form, fault);
    }
    if (fault?.kind === 'drop_after_data') return hangUp(request, reply);
    if (fault?.kind === 'server_error') return refuse(reply, 500, 20500, 'Internal Server Error');
    if (fault?.kind === 'late_answer') await new Promise<void>((resolve) => later(fault.delayMs, resolve));
    return reply.code(201).send(twilioResource(message, account.accountSid));
  }

  /** Carries out the status changes of a message one after the other, each told to the sender where it asked for it. */
  function callBack(message: CaughtMessage, form: MessageForm, fault: Fault | undefined): void {
    planCallbacks(message, fault).forEach((change, index) => {
      later(options.callbackPaceMs * (index + 1), () => {
        const now = store.get(message.id);
        if (now === undefined) return;
        const details = {
          ...now.details,
          Status: change.status,
          ...(change.errorCode === undefined ? {} : { Error: change.errorCode }),
        };
        if (change.real) store.put({ ...now, details });
        if (form.StatusCallback === undefined || !change.told) return;
        const fields: Record<string, string> = {
          MessageSid: message.id,
          SmsSid: message.id,
          MessageStatus: change.status,
          SmsStatus: change.status,
          To: form.To,
          From: message.from,
          AccountSid: account.accountSid,
          ApiVersion: '2010-04-01',
          ...(form.MessagingServiceSid === undefined ? {} : { MessagingServiceSid: form.MessagingServiceSid }),
          ...(change.errorCode === undefined ? {} : { ErrorCode: change.errorCode }),
        };
        void signedCall(form.StatusCallback, fields, account.authToken);
      });
    });
  }

  /** The telephone answers a message. */
  async function answer(message: CaughtMessage, text: string): Promise<{ told: number | null }> {
    const number = message.to[0] ?? '';
    const keyword = readOptOut(text);
    lastInboundAt.set(number, new Date());
    if (keyword === 'stop') optedOut.add(number);
    if (keyword === 'start') optedOut.delete(number);
    const sid = newSid();
    store.put({
      ...message,
      id: sid,
      providerId: sid,
      receivedAt: new Date().toISOString(),
      from: number,
      to: [message.from],
      text,
      subject: '',
      details: { Status: 'from the telephone' },
    });
    const url = options.inboundUrl ?? inboundUrlOf(message);
    if (url === undefined) return { told: null };
    const fields: Record<string, string> = {
      MessageSid: sid,
      SmsSid: sid,
      SmsMessageSid: sid,
      AccountSid: account.accountSid,
      From: addressOf(message, number),
      To: message.from,
      Body: text,
      NumMedia: '0',
      NumSegments: String(smsSize(text).segments),
      SmsStatus: 'received',
      ApiVersion: '2010-04-01',
      // Advanced Opt-Out belongs to messaging services.
      ...(keyword === null || !message.from.startsWith('MG') ? {} : { OptOutType: keyword.toUpperCase() }),
    };
    const { status, body } = await signedCall(url, fields, account.authToken);
    for (const words of messagesOf(body)) {
      const answerSid = newSid();
      const { communicationId: _about, ...rest } = message;
      store.put({
        ...rest,
        id: answerSid,
        providerId: answerSid,
        receivedAt: new Date().toISOString(),
        text: words,
        details: { Status: 'delivered', From: 'the answer to the webhook' },
        raw: Buffer.from(body).toString('base64'),
      });
    }
    return { told: status };
  }

  function later(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
  }
}

function messageOf(form: MessageForm): CaughtMessage {
  const whatsapp = isWhatsapp(form.To);
  const text = form.Body ?? templateWords(form);
  const sid = newSid();
  const size = smsSize(text);
  const callback = form.StatusCallback === undefined ? undefined : new URL(form.StatusCallback).searchParams.get('c');
  return {
    id: sid,
    channel: whatsapp ? 'whatsapp' : 'sms',
    receivedAt: new Date().toISOString(),
    from: form.From ?? form.MessagingServiceSid ?? '',
    to: [bare(form.To)],
    subject: '',
    text,
    headers: [],
    attachments: [],
    providerId: sid,
    ...(callback === null || callback === undefined ? {} : { communicationId: callback }),
    details: {
      Status: 'queued',
      ...(whatsapp
        ? {}
        : { Size: `${size.segments} ${size.segments === 1 ? 'segment' : 'segments'}, ${size.encoding}` }),
      ...(form.ContentSid === undefined ? {} : { Template: form.ContentSid }),
    },
    raw: Buffer.from(JSON.stringify(form, null, 2)).toString('base64'),
  };
}

/** The words of an approved template are at the provider; known here is what was put into it. */
function templateWords({ ContentVariables }: MessageForm): string {
  const variables = z.record(z.string(), z.string()).parse(JSON.parse(ContentVariables ?? '{}'));
  const values = Object.entries(variables).map(([place, value]) => `${place}: ${value}`);
  return ['Approved template', ...values].join('\n');
}

/** The texts that an answer in TwiML (`<Response><Message>`) asks to be sent. */
function messagesOf(twiml: string): string[] {
  const messages = DomUtils.findAll(({ name }) => name === 'Message', parseDocument(twiml, { xmlMode: true }).children);
  return messages.map((message) => DomUtils.textContent(message).trim()).filter((words) => words !== '');
}

/** Without another address, what the telephone answers goes where the status of the message went. */
function inboundUrlOf(message: CaughtMessage): string | undefined {
  const { StatusCallback } = messageFormSchema.parse(JSON.parse(Buffer.from(message.raw, 'base64').toString('utf8')));
  if (StatusCallback === undefined) return undefined;
  const { origin, pathname } = new URL(StatusCallback);
  return `${origin}${pathname}`;
}

function addressOf(message: CaughtMessage, number: string): string {
  return message.channel === 'whatsapp' ? `whatsapp:${number}` : number;
}

function newSid(): string {
  return `SM${randomBytes(16).toString('hex')}`;
}

function hangUp(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  request.raw.socket.destroy();
}

function refuse(reply: FastifyReply, status: number, code: number, message: string): FastifyReply {
  return reply.code(status).send({ code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status });
}

function readForm(body: string): Record<string, string | string[]> {
  const form: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(body)) {
    const before = form[name];
    form[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return form;
}
