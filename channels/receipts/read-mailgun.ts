import { z } from 'zod';
import { communicationOf, instantOf, receipt, unreadable, type ProviderReport, type Receipt } from './receipt.ts';
import { classifyBounce } from '../classify-bounce.ts';
import { readJson } from './read-json.ts';

const bodySchema = z.object({
  'event-data': z.object({
    id: z.string(),
    timestamp: z.number(),
    event: z.string(),
    severity: z.string().optional(),
    reason: z.string().optional(),
    recipient: z.string().optional(),
    'delivery-status': z
      .object({
        code: z.number().optional(),
        'enhanced-code': z.string().optional(),
        message: z.string().nullable().optional(),
      })
      .optional(),
    message: z.object({ headers: z.object({ 'message-id': z.string().optional() }) }).optional(),
    'user-variables': z.record(z.string(), z.unknown()).default({}),
  }),
});
type MailgunEvent = z.infer<typeof bodySchema>['event-data'];

/** Reads a request of a Mailgun webhook: one event. Source: documentation.mailgun.com, "Event structure". */
export function readMailgun(body: string): ProviderReport {
  const parsed = bodySchema.safeParse(readJson(body));
  if (!parsed.success) return unreadable('This is not an event of Mailgun.');
  const event = parsed.data['event-data'];
  const meaning = meaningOf(event);
  if (meaning === null) return unreadable(`Mailgun has an event "${event.event}" that this version does not know.`);
  const delivery = event['delivery-status'];
  const reference = event['user-variables']['communication_id'];
  const messageId = event.message?.headers['message-id'] ?? null;
  return {
    ok: true,
    replies: [],
    receipts: [
      receipt({
        provider: 'mailgun',
        channel: 'email',
        dedupKey: event.id,
        ...meaning,
        occurredAt: instantOf(event.timestamp) ?? new Date(0).toISOString(),
        communicationId: typeof reference === 'string' ? reference : communicationOf(messageId),
        providerId: messageId,
        recipient: event.recipient ?? null,
        code: delivery?.['enhanced-code'] ?? (delivery?.code === undefined ? null : String(delivery.code)),
        detail: `Mailgun: ${event.event}. ${delivery?.message ?? event.reason ?? ''}`,
      }),
    ],
  };
}

function meaningOf(event: MailgunEvent): Pick<Receipt, 'event' | 'status' | 'suppression'> | null {
  switch (event.event) {
    case 'accepted':
      return { event: 'sent', status: 'sent', suppression: null };
    case 'delivered':
      return { event: 'delivered', status: 'delivered', suppression: null };
    case 'opened':
      return { event: 'opened', status: null, suppression: null };
    case 'clicked':
      return { event: 'clicked', status: null, suppression: null };
    case 'unsubscribed':
      return { event: 'unsubscribed', status: null, suppression: 'unsubscribe' };
    case 'complained':
      return { event: 'complained', status: 'complained', suppression: 'complaint' };
    case 'rejected':
      return { event: 'failed', status: 'failed', suppression: null };
    case 'failed': {
      if (event.severity !== 'permanent') return { event: 'delayed', status: null, suppression: null };
      const delivery = event['delivery-status'];
      const status = delivery?.['enhanced-code'];
      const verdict = classifyBounce({ ...(status === undefined ? {} : { status }), text: delivery?.message ?? '' });
      return { event: 'bounced', status: 'bounced', suppression: verdict.suppress ? 'hard_bounce' : null };
    }
    default:
      return null;
  }
}
