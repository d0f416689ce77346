import { z } from 'zod';
import { classifyBounce } from '../classify-bounce.ts';
import { communicationOf, instantOf, receipt, unreadable, type ProviderReport, type Receipt } from './receipt.ts';
import { readJson } from './read-json.ts';

const envelopeSchema = z.object({
  Type: z.string(),
  MessageId: z.string(),
  Message: z.string(),
  Timestamp: z.string(),
  SubscribeURL: z.url().optional(),
});

const address = z.object({ emailAddress: z.string() });
const mailSchema = z.object({
  messageId: z.string(),
  headers: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  commonHeaders: z.object({ messageId: z.string().optional() }).optional(),
});
const notificationSchema = z.object({
  notificationType: z.string().optional(),
  // Event publishing uses this name for the same thing.
  eventType: z.string().optional(),
  mail: mailSchema,
  bounce: z
    .object({
      feedbackId: z.string(),
      bounceType: z.string(),
      timestamp: z.string(),
      bouncedRecipients: z.array(
        address.extend({ status: z.string().optional(), diagnosticCode: z.string().optional() }),
      ),
    })
    .optional(),
  complaint: z
    .object({ feedbackId: z.string(), timestamp: z.string(), complainedRecipients: z.array(address) })
    .optional(),
  delivery: z.object({ timestamp: z.string(), recipients: z.array(z.string()) }).optional(),
  deliveryDelay: z
    .object({ timestamp: z.string(), delayType: z.string().optional(), delayedRecipients: z.array(address) })
    .optional(),
  reject: z.object({ reason: z.string().optional() }).optional(),
});
type Notification = z.infer<typeof notificationSchema>;

/**
 * Reads a notification of Amazon SES as SNS delivers it: the event is text inside an envelope.
 * Source: docs.aws.amazon.com/ses/latest/dg/notification-contents.html
 */
export function readSes(body: string): ProviderReport {
  const envelope = envelopeSchema.safeParse(readJson(body));
  if (!envelope.success) return unreadable('This is not a notification of Amazon SNS.');
  const { Type, MessageId, Message, Timestamp, SubscribeURL } = envelope.data;
  if (Type === 'SubscriptionConfirmation') {
    if (SubscribeURL === undefined) return unreadable('Amazon asks for a confirmation without an address.');
    return { ok: true, receipts: [], replies: [], confirmUrl: SubscribeURL };
  }
  const parsed = notificationSchema.safeParse(readJson(Message));
  if (!parsed.success) return unreadable('The notification does not hold an event of Amazon SES.');
  return { ok: true, receipts: receiptsOf(parsed.data, MessageId, Timestamp), replies: [] };
}

function receiptsOf(event: Notification, snsId: string, snsTime: string): Receipt[] {
  const base = {
    provider: 'ses' as const,
    channel: 'email' as const,
    communicationId: referenceOf(event),
    providerId: event.mail.messageId,
  };
  const at = (time: string): string => instantOf(time) ?? instantOf(snsTime) ?? new Date(0).toISOString();
  if (event.bounce !== undefined) {
    const { bounce } = event;
    return bounce.bouncedRecipients.map((recipient) => {
      const verdict = classifyBounce({
        ...(recipient.status === undefined ? {} : { status: recipient.status }),
        text: recipient.diagnosticCode ?? '',
      });
      // Amazon calls a bounce permanent after its own look at it; a full mailbox stays transient whatever the code says.
      const gone = bounce.bounceType === 'Permanent' && (verdict.suppress || verdict.label === 'unknown');
      return receipt({
        ...base,
        dedupKey: `${bounce.feedbackId}:${recipient.emailAddress}`,
        event: 'bounced',
        status: 'bounced',
        occurredAt: at(bounce.timestamp),
        recipient: recipient.emailAddress,
        suppression: gone ? 'hard_bounce' : null,
        code: recipient.status ?? null,
        detail: `${bounce.bounceType} bounce, ${verdict.label}: ${recipient.diagnosticCode ?? 'no reason given'}`,
      });
    });
  }
  if (event.complaint !== undefined) {
    const { complaint } = event;
    return complaint.complainedRecipients.map((recipient) =>
      receipt({
        ...base,
        dedupKey: `${complaint.feedbackId}:${recipient.emailAddress}`,
        event: 'complained',
        status: 'complained',
        occurredAt: at(complaint.timestamp),
        recipient: recipient.emailAddress,
        suppression: 'complaint',
        detail: 'The recipient called the message unwanted.',
      }),
    );
  }
  const plain = (
    kind: 'delivered' | 'delayed' | 'failed' | 'sent',
    time: string,
    recipients: string[],
    detail: string,
  ) =>
    recipients.map((recipient) =>
      receipt({
        ...base,
        dedupKey: `${snsId}:${recipient}`,
        event: kind,
        status: kind === 'delayed' ? null : kind,
        occurredAt: at(time),
        recipient,
        detail,
      }),
    );
  if (event.delivery !== undefined) {
    return plain('delivered', event.delivery.timestamp, event.delivery.recipients, 'Delivered to the mail server.');
  }
  if (event.deliveryDelay !== undefined) {
    const { timestamp, delayType, delayedRecipients } = event.deliveryDelay;
    const recipients = delayedRecipients.map((recipient) => recipient.emailAddress);
    return plain('delayed', timestamp, recipients, `Delayed: ${delayType ?? 'no reason given'}.`);
  }
  if (event.reject !== undefined) return plain('failed', snsTime, [''], 'Amazon found a virus and did not send it.');
  return event.eventType === 'Send' ? plain('sent', snsTime, [''], 'Amazon took the message.') : [];
}

function referenceOf({ mail }: Notification): string | null {
  const header = mail.headers.find(({ name }) => name.toLowerCase() === 'x-entity-ref-id')?.value;
  return header ?? communicationOf(mail.commonHeaders?.messageId);
}
