import { z } from 'zod';

/** Dot-separated words, as Standard Webhooks 1.0.0 asks: `step.sent`, `communication.bounced`. */
export const eventTypeSchema = z
  .string()
  .max(100)
  .regex(/^[a-zA-Z0-9_]+(\.[a-zA-Z0-9_]+)*$/, 'is made of words of letters, digits and _ with full stops between them');

const webhookEventSchema = z.strictObject({
  type: eventTypeSchema,
  /** When it happened, not when it is sent. */
  timestamp: z.iso.datetime(),
  data: z.record(z.string(), z.json()),
});
export type WebhookEvent = z.infer<typeof webhookEventSchema>;

/** Larger messages are refused when they are made: receivers are advised to expect about 20 kB. */
export const LARGEST_BODY = 256 * 1024;

/** The bytes that are stored once and sent at every attempt, so that a replay differs in nothing but its signature. */
export function encodeEvent(event: WebhookEvent): Buffer {
  const body = Buffer.from(JSON.stringify(webhookEventSchema.parse(event)), 'utf8');
  if (body.length > LARGEST_BODY)
    throw new RangeError(`A webhook has at most ${LARGEST_BODY} bytes, not ${body.length}.`);
  return body;
}
