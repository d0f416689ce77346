import { z } from 'zod';

const e164 = z
  .string()
  .regex(/^\+[1-9]\d{6,14}$/, 'is not a telephone number with its country; write it like +447700900123');
/** Twilio refuses longer ones with 21617. */
export const LONGEST_TEXT = 1_600;

const common = {
  /** The communication's id; the status callback carries it back. */
  id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  to: e164,
  /** Where its status is told, instead of the channel's own address. */
  statusCallbackUrl: z.url({ protocol: /^https?$/ }).optional(),
  /** After this many seconds an undelivered message is dropped: one about today is of no use tomorrow. */
  validitySeconds: z.number().int().min(1).max(36_000).optional(),
};
const body = z.string().min(1).max(LONGEST_TEXT);

export const smsMessageSchema = z.strictObject({ ...common, body });

/** `body` only within 24 hours of the person's last message; otherwise an approved template. */
export const whatsappMessageSchema = z.union([
  z.strictObject({ ...common, body }),
  z.strictObject({
    ...common,
    contentSid: z.string().regex(/^HX[0-9a-fA-F]{32}$/, 'is not the id of an approved template (HX...)'),
    /** By their number in the approved template: `{ "1": "Niamh" }`. */
    contentVariables: z.record(z.string().regex(/^\d{1,2}$/), z.string()),
  }),
]);

export type SmsMessage = z.infer<typeof smsMessageSchema>;
export type WhatsappMessage = z.infer<typeof whatsappMessageSchema>;

const WINDOW_MS = 24 * 60 * 60 * 1_000;

/**
 * Whether a WhatsApp message may be written freely: within 24 hours of what the person last wrote.
 *
 * @param lastInboundAt when the person last wrote, or null for never
 */
export function withinConversation(lastInboundAt: Date | null, now: Date): boolean {
  return lastInboundAt !== null && now.getTime() - lastInboundAt.getTime() < WINDOW_MS;
}
