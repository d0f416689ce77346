import { z } from 'zod';

import { emailMessageSchema } from './email-message.ts';
import { LONGEST_TEXT } from './text-message.ts';

const address = emailMessageSchema.shape.to.shape.address;
const domain = z
  .string()
  .max(253)
  .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/, 'is not a domain; write it like mail.example.com');
const smtpUrl = z.url({ protocol: /^smtps?$/, error: 'is not a mail server; write smtp://user:password@host:587' });

/** How many messages a day, and since when this sender makes itself known to the world step by step. */
const limits = {
  /** Messages a day on the calendar of the organization; absent: as many as there are. */
  dailyLimit: z.number().int().min(1).max(1_000_000).optional(),
  /** Civil date: the first day of the warm-up (`warmUpLimit`); absent: none. */
  warmUpOn: z.iso.date({ error: 'is not a date; write it like 2027-01-04' }).optional(),
};

/** How an organization's mails leave: what it leaves out is the platform's. */
export const emailSettingsSchema = z.strictObject({
  ...limits,
  from: z.strictObject({ address, name: z.string().min(1).max(200).optional() }).optional(),
  replyTo: address.optional(),
  dkim: z
    .strictObject({ domain, selector: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'is not a selector') })
    .optional(),
  /** Where bounces come back to us; its MX hands them to `/receipts/mail/<organization>`. */
  bounceDomain: domain.optional(),
  /** Mails a second through the organization's own server. */
  perSecond: z.number().int().min(1).max(1_000).optional(),
});
export const emailSecretsSchema = z.strictObject({
  smtpUrl: smtpUrl.optional(),
  /** Tried after a certain failure of the first, with the same bytes. */
  backupSmtpUrl: smtpUrl.optional(),
  /** PEM of the key whose public half stands in the DNS. */
  dkimKey: z.string().optional(),
});

/** How an organization's texts or WhatsApp messages leave: what it leaves out is the platform's. */
export const textSettingsSchema = z.strictObject({
  ...limits,
  accountSid: z
    .string()
    .regex(/^AC[0-9a-f]{32}$/, 'is not an account of Twilio (AC...)')
    .optional(),
  /** A number (E.164) or a messaging service (MG...). */
  sender: z
    .string()
    .regex(
      /^(\+[1-9]\d{6,14}|MG[0-9a-f]{32})$/,
      'is neither a number like +447700900123 nor a messaging service (MG...)',
    )
    .optional(),
  /** Millionths of the account's currency for one segment, as agreed with the provider. */
  segmentPriceMicros: z.number().int().min(0).max(10_000_000).optional(),
  /** What HELP is answered with where the provider leaves it to us; absent: nothing. */
  helpText: z.string().trim().min(1).max(LONGEST_TEXT).optional(),
});
export const textSecretsSchema = z.strictObject({ authToken: z.string().min(1).optional() });

export type EmailSettings = z.infer<typeof emailSettingsSchema>;
export type EmailSecrets = z.infer<typeof emailSecretsSchema>;
export type TextSettings = z.infer<typeof textSettingsSchema>;
export type TextSecrets = z.infer<typeof textSecretsSchema>;

/** What a sender's settings say about how many messages it may send; they were checked when they were saved. */
export function limitsOf(settings: unknown): { dailyLimit?: number | undefined; warmUpOn?: string | undefined } {
  const parsed = z.object(limits).safeParse(settings ?? {});
  return parsed.success ? parsed.data : {};
}
