import { z } from 'zod';
import {
  receipt,
  instantOf,
  unreadable,
  type CommunicationStatus,
  type ProviderReport,
  type ReceiptEvent,
  type SuppressionReason,
} from './receipt.ts';
import { readJson } from './read-json.ts';

const recordSchema = z.object({
  RecordType: z.string(),
  /** Kept as text: it may be larger than JavaScript's safe integers. */
  ID: z.string().optional(),
  Type: z.string().optional(),
  MessageID: z.string(),
  Email: z.string().optional(),
  Recipient: z.string().optional(),
  Metadata: z.record(z.string(), z.string()).default({}),
  Details: z.string().optional(),
  Description: z.string().optional(),
  BouncedAt: z.string().optional(),
  DeliveredAt: z.string().optional(),
  ReceivedAt: z.string().optional(),
  ChangedAt: z.string().optional(),
  SuppressSending: z.boolean().optional(),
  SuppressionReason: z.string().nullable().optional(),
});
type PostmarkRecord = z.infer<typeof recordSchema>;

type Meaning = { event: ReceiptEvent; status: CommunicationStatus | null; suppression: SuppressionReason | null };

// Bounce types: postmarkapp.com/developer/api/bounce-api#bounce-types
const GONE: Readonly<Record<string, SuppressionReason>> = {
  HardBounce: 'hard_bounce',
  BadEmailAddress: 'invalid',
  SpamComplaint: 'complaint',
  Unsubscribe: 'unsubscribe',
  ManuallyDeactivated: 'unsubscribe',
};

/** Reads a request of a Postmark webhook: one record. */
export function readPostmark(body: string): ProviderReport {
  const parsed = recordSchema.safeParse(readJson(withTextId(body)));
  if (!parsed.success) return unreadable('This is not a record of Postmark.');
  const record = parsed.data;
  const meaning = meaningOf(record);
  if (meaning === null)
    return unreadable(`Postmark has a record "${record.RecordType}" that this version does not know.`);
  const at = record.BouncedAt ?? record.DeliveredAt ?? record.ReceivedAt ?? record.ChangedAt ?? '';
  const recipient = record.Email ?? record.Recipient ?? null;
  return {
    ok: true,
    replies: [],
    receipts: [
      receipt({
        provider: 'postmark',
        channel: 'email',
        dedupKey: `${record.RecordType}:${record.ID ?? `${record.MessageID}:${recipient ?? ''}:${at}`}`,
        ...meaning,
        occurredAt: instantOf(at) ?? new Date(0).toISOString(),
        communicationId: record.Metadata['communication_id'] ?? null,
        providerId: record.MessageID,
        recipient,
        code: record.Type ?? null,
        detail: `Postmark: ${record.Type ?? record.RecordType}. ${record.Details ?? record.Description ?? ''}`,
      }),
    ],
  };
}

function meaningOf(record: PostmarkRecord): Meaning | null {
  switch (record.RecordType) {
    case 'Delivery':
      return { event: 'delivered', status: 'delivered', suppression: null };
    case 'Open':
      return { event: 'opened', status: null, suppression: null };
    case 'Click':
      return { event: 'clicked', status: null, suppression: null };
    case 'SpamComplaint':
      return { event: 'complained', status: 'complained', suppression: 'complaint' };
    case 'SubscriptionChange': {
      if (record.SuppressSending !== true) return { event: 'resubscribed', status: null, suppression: null };
      return {
        event: 'unsubscribed',
        status: null,
        suppression: GONE[record.SuppressionReason ?? ''] ?? 'unsubscribe',
      };
    }
    case 'Bounce': {
      const suppression = GONE[record.Type ?? ''] ?? null;
      if (suppression === 'complaint') return { event: 'complained', status: 'complained', suppression };
      if (suppression === 'unsubscribe') return { event: 'unsubscribed', status: null, suppression };
      // Postmark goes on trying after a transient one.
      if (record.Type === 'Transient') return { event: 'delayed', status: null, suppression: null };
      return { event: 'bounced', status: 'bounced', suppression };
    }
    default:
      return null;
  }
}

/** Puts quotation marks around the record's `ID`, before JSON would round it. */
function withTextId(body: string): string {
  return body.replace(/"ID"(\s*):(\s*)(\d+)/, '"ID"$1:$2"$3"');
}
