import { redact } from '../redact.ts';

export type ReceiptProvider = 'twilio' | 'ses' | 'sendgrid' | 'postmark' | 'mailgun' | 'mail';
export type ReceiptChannel = 'email' | 'sms' | 'whatsapp';

/** The words of `communications.status`. */
export type CommunicationStatus =
  | 'draft'
  | 'queued'
  | 'held'
  | 'sending'
  | 'sent'
  | 'delivered'
  | 'bounced'
  | 'complained'
  | 'failed'
  | 'suppressed'
  | 'skipped'
  | 'cancelled'
  | 'unknown';

/** Why an address is not used again; the words of `suppressions.reason`. */
export type SuppressionReason = 'hard_bounce' | 'complaint' | 'unsubscribe' | 'stop_keyword' | 'invalid';

export type ReceiptEvent =
  | 'queued'
  | 'sent'
  | 'delivered'
  | 'read'
  | 'opened'
  | 'clicked'
  | 'delayed'
  | 'bounced'
  | 'complained'
  | 'failed'
  | 'dropped'
  | 'unsubscribed'
  | 'resubscribed';

/** One thing a provider tells about one message to one recipient. */
export type Receipt = {
  provider: ReceiptProvider;
  channel: ReceiptChannel;
  /** The same event always has the same key, however often it is delivered. */
  dedupKey: string;
  event: ReceiptEvent;
  /** What the communication becomes, unless it is further already (`laterStatus`); null for what changes nothing. */
  status: CommunicationStatus | null;
  /** ISO 8601, UTC; the provider's clock. */
  occurredAt: string;
  /** Which of our messages it is about, where the provider says so. */
  communicationId: string | null;
  /** The provider's id of the message. */
  providerId: string | null;
  /** Personal data: stays in the database, never goes to a log. */
  recipient: string | null;
  suppression: SuppressionReason | null;
  code: string | null;
  /** One sentence without addresses. */
  detail: string;
};

/** A person's answer. */
export type Reply = {
  provider: ReceiptProvider;
  channel: ReceiptChannel;
  dedupKey: string;
  from: string;
  to: string;
  text: string;
  /** What it answers, where that can be told (email). */
  communicationId: string | null;
  keyword: 'stop' | 'start' | 'help' | null;
};

/** What one request, or one mail, of a provider holds. */
export type ProviderReport =
  | {
      ok: true;
      receipts: Receipt[];
      replies: Reply[];
      /** Amazon asks for this address to be opened once before it sends anything. */
      confirmUrl?: string;
    }
  | { ok: false; problem: string };

const OUR_MESSAGE_ID = /<?([A-Za-z0-9-]{1,64})\.1@[^>\s]+>?/;

/** The communication of a Message-ID that we made (`messageIdOf`), or null for another's. */
export function communicationOf(messageId: string | null | undefined): string | null {
  return OUR_MESSAGE_ID.exec(messageId ?? '')?.[1] ?? null;
}

/** A report that cannot be read; the words may come from outside. */
export function unreadable(problem: string): ProviderReport {
  return { ok: false, problem: redact(problem) };
}

/** Fills what most receipts leave out. */
export function receipt(
  about: Pick<Receipt, 'provider' | 'channel' | 'dedupKey' | 'event' | 'status' | 'occurredAt'> & Partial<Receipt>,
): Receipt {
  return {
    communicationId: null,
    providerId: null,
    recipient: null,
    suppression: null,
    code: null,
    ...about,
    detail: redact(about.detail ?? about.event),
  };
}

/** An instant from what providers write: seconds since 1970, or any form that JavaScript reads. */
export function instantOf(value: string | number): string | null {
  const at = new Date(typeof value === 'number' ? value * 1_000 : value);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}
