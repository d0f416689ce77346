import { z } from 'zod';

const attachmentSchema = z.strictObject({
  filename: z.string(),
  contentType: z.string(),
  bytes: z.number().int(),
  /** For pictures inside the HTML. */
  contentId: z.string().optional(),
  /** Base64. */
  content: z.string(),
});

/** One thing that reached the inbox. The same shape on disk, in memory and in the JSON API. */
export const caughtMessageSchema = z.strictObject({
  id: z.string(),
  channel: z.enum(['email', 'sms', 'whatsapp', 'webhook']),
  /** ISO 8601, UTC. */
  receivedAt: z.string(),
  from: z.string(),
  to: z.array(z.string()),
  subject: z.string(),
  text: z.string(),
  html: z.string().optional(),
  headers: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  attachments: z.array(attachmentSchema),
  /** Which of our communications it is: from X-Entity-Ref-ID, or the status callback's address. */
  communicationId: z.string().optional(),
  /** The email's Message-ID or the provider's id of a text. */
  providerId: z.string().optional(),
  /** What else there is to know: size in segments, template, status. */
  details: z.record(z.string(), z.string()),
  /** The email as it came, base64; the request body of a webhook. */
  raw: z.string(),
});

export type CaughtMessage = z.infer<typeof caughtMessageSchema>;

/** What a list shows of a message. */
export type MessageSummary = Pick<
  CaughtMessage,
  'id' | 'channel' | 'receivedAt' | 'from' | 'to' | 'subject' | 'communicationId' | 'providerId' | 'details'
> & { preview: string; attachments: number };

const PREVIEW_CHARS = 140;

/** Shortens a message for a list. */
export function summarize(message: CaughtMessage): MessageSummary {
  const { id, channel, receivedAt, from, to, subject, communicationId, providerId, details } = message;
  return {
    id,
    channel,
    receivedAt,
    from,
    to,
    subject,
    details,
    ...(communicationId === undefined ? {} : { communicationId }),
    ...(providerId === undefined ? {} : { providerId }),
    preview: message.text.replaceAll(/\s+/g, ' ').trim().slice(0, PREVIEW_CHARS),
    attachments: message.attachments.length,
  };
}
