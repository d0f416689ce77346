import { z } from 'zod';
import { findTwilioCode } from '../classify-twilio.ts';
import { readOptOut } from '../opt-out-keywords.ts';
import { receipt, unreadable, type CommunicationStatus, type ProviderReport, type ReceiptEvent } from './receipt.ts';

const callSchema = z.object({
  MessageSid: z.string().min(1),
  MessageStatus: z.string().optional(),
  SmsStatus: z.string().optional(),
  From: z.string().default(''),
  To: z.string().default(''),
  Body: z.string().optional(),
  ErrorCode: z.string().optional(),
  OptOutType: z.string().optional(),
});

// twilio.com/docs/messaging/api/message-resource#message-status-values
const STATUSES: Readonly<Record<string, { event: ReceiptEvent; status: CommunicationStatus | null }>> = {
  accepted: { event: 'queued', status: 'sending' },
  scheduled: { event: 'queued', status: 'sending' },
  queued: { event: 'queued', status: 'sending' },
  sending: { event: 'queued', status: 'sending' },
  sent: { event: 'sent', status: 'sent' },
  delivered: { event: 'delivered', status: 'delivered' },
  partially_delivered: { event: 'delivered', status: 'delivered' },
  read: { event: 'read', status: 'delivered' },
  undelivered: { event: 'failed', status: 'failed' },
  failed: { event: 'failed', status: 'failed' },
  canceled: { event: 'failed', status: 'cancelled' },
};

/**
 * Reads a call of Twilio's: a status change of a message of ours, or what a person wrote.
 *
 * @param form the fields of the body
 * @param query the query of the called address; `c` is the communication's id, which we put there ourselves
 * @param receivedAt Twilio's calls carry no time of their own
 */
export function readTwilio(
  form: Record<string, string>,
  query: Record<string, string>,
  receivedAt: Date,
): ProviderReport {
  const parsed = callSchema.safeParse(form);
  if (!parsed.success) return unreadable(`This is not a call of Twilio: ${z.prettifyError(parsed.error)}`);
  const { MessageSid, MessageStatus, SmsStatus, From, To, Body, ErrorCode, OptOutType } = parsed.data;
  const channel = To.startsWith('whatsapp:') || From.startsWith('whatsapp:') ? 'whatsapp' : 'sms';
  if (MessageStatus === undefined && (SmsStatus === 'received' || Body !== undefined)) {
    const text = Body ?? '';
    const reply = {
      provider: 'twilio' as const,
      channel,
      dedupKey: MessageSid,
      from: bare(From),
      to: bare(To),
      text,
      communicationId: null,
      keyword: readOptOut(text, OptOutType),
    } as const;
    return { ok: true, receipts: [], replies: [reply] };
  }
  const word = MessageStatus ?? SmsStatus ?? '';
  const meaning = STATUSES[word];
  if (meaning === undefined) return unreadable(`Twilio has a status "${word}" that this version does not know.`);
  const row = ErrorCode === undefined ? undefined : findTwilioCode(Number(ErrorCode));
  const failed = meaning.status === 'failed';
  return {
    ok: true,
    replies: [],
    receipts: [
      receipt({
        provider: 'twilio',
        channel,
        dedupKey: `${MessageSid}:${word}:${ErrorCode ?? ''}`,
        ...meaning,
        occurredAt: receivedAt.toISOString(),
        communicationId: query['c'] ?? null,
        providerId: MessageSid,
        recipient: bare(To),
        suppression: failed && row?.handling === 'suppress' ? (row.code === 21610 ? 'stop_keyword' : 'invalid') : null,
        code: ErrorCode ?? null,
        detail: row === undefined ? `Twilio: ${word}.` : `Twilio: ${word}, ${row.meaning}.`,
      }),
    ],
  };
}

function bare(address: string): string {
  return address.replace(/^whatsapp:/, '');
}
