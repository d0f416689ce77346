import { z } from 'zod';
import {
  communicationOf,
  instantOf,
  receipt,
  unreadable,
  type CommunicationStatus,
  type ProviderReport,
  type Receipt,
  type ReceiptEvent,
  type SuppressionReason,
} from './receipt.ts';
import { classifyBounce } from '../classify-bounce.ts';
import { readJson } from './read-json.ts';

const eventSchema = z.object({
  email: z.string(),
  timestamp: z.number(),
  event: z.string(),
  sg_event_id: z.string(),
  sg_message_id: z.string().optional(),
  'smtp-id': z.string().optional(),
  communication_id: z.string().optional(),
  status: z.string().optional(),
  reason: z.string().optional(),
  response: z.string().optional(),
  /** For a bounce: `bounce` (for good) or `blocked` (for now). */
  type: z.string().optional(),
});
type SendGridEvent = z.infer<typeof eventSchema>;

// Source: twilio.com/docs/sendgrid/for-developers/tracking-events/event
const EVENTS: Readonly<Record<string, { event: ReceiptEvent; status: CommunicationStatus | null }>> = {
  processed: { event: 'sent', status: 'sent' },
  delivered: { event: 'delivered', status: 'delivered' },
  deferred: { event: 'delayed', status: null },
  bounce: { event: 'bounced', status: 'bounced' },
  dropped: { event: 'dropped', status: 'suppressed' },
  spamreport: { event: 'complained', status: 'complained' },
  unsubscribe: { event: 'unsubscribed', status: null },
  group_unsubscribe: { event: 'unsubscribed', status: null },
  group_resubscribe: { event: 'resubscribed', status: null },
  open: { event: 'opened', status: null },
  click: { event: 'clicked', status: null },
};

// Why SendGrid drops a message before sending it, by its own words.
const DROPS: readonly { words: RegExp; suppression: SuppressionReason }[] = [
  { words: /unsubscribed address/i, suppression: 'unsubscribe' },
  { words: /spam report/i, suppression: 'complaint' },
  { words: /bounced address/i, suppression: 'hard_bounce' },
  { words: /invalid/i, suppression: 'invalid' },
];

/** Reads a request of SendGrid's event webhook: several events, in any order, some of them perhaps twice. */
export function readSendGrid(body: string): ProviderReport {
  const parsed = z.array(z.unknown()).safeParse(readJson(body));
  if (!parsed.success) return unreadable('This is not a list of SendGrid events.');
  const receipts: Receipt[] = [];
  for (const [index, item] of parsed.data.entries()) {
    const event = eventSchema.safeParse(item);
    // One event that cannot be read must not cost the others; SendGrid repeats the whole request otherwise.
    if (!event.success) continue;
    receipts.push(...receiptOf(event.data, index));
  }
  const [first] = parsed.data;
  return first !== undefined && receipts.length === 0
    ? unreadable('No event of the list is known.')
    : { ok: true, receipts, replies: [] };
}

function receiptOf(event: SendGridEvent, index: number): Receipt[] {
  const meaning = EVENTS[event.event];
  if (meaning === undefined) return [];
  return [
    receipt({
      provider: 'sendgrid',
      channel: 'email',
      dedupKey: event.sg_event_id === '' ? `${event.sg_message_id}:${event.event}:${index}` : event.sg_event_id,
      ...meaning,
      occurredAt: instantOf(event.timestamp) ?? new Date(0).toISOString(),
      communicationId: event.communication_id ?? communicationOf(event['smtp-id']),
      providerId: event.sg_message_id ?? null,
      recipient: event.email,
      suppression: suppressionOf(event),
      code: event.status ?? null,
      detail: `SendGrid: ${event.event}${(event.reason ?? event.response) ? `, ${event.reason ?? event.response}` : ''}`,
    }),
  ];
}

function suppressionOf(event: SendGridEvent): SuppressionReason | null {
  if (event.event === 'spamreport') return 'complaint';
  if (event.event === 'unsubscribe' || event.event === 'group_unsubscribe') return 'unsubscribe';
  if (event.event === 'dropped') return DROPS.find((drop) => drop.words.test(event.reason ?? ''))?.suppression ?? null;
  if (event.event !== 'bounce' || event.type === 'blocked') return null;
  const verdict = classifyBounce({
    ...(event.status === undefined ? {} : { status: event.status }),
    text: event.reason ?? '',
  });
  return verdict.suppress ? 'hard_bounce' : null;
}
