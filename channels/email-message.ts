import { z } from 'zod';

// One addr-spec and nothing else: a comma would make two recipients of it, a bracket or a colon another header syntax
// (RFC 5322 3.4). Letters beyond ASCII are allowed (RFC 6531).
const ADDRESS = /^[^\s@"(),:;<>[\\\]\p{Cc}]{1,64}@[^\s@"(),:;<>[\\\]\p{Cc}]{1,255}$/u;
const CONTROL = /\p{Cc}/u;

const mailbox = z.strictObject({
  name: z.string().max(200).optional(),
  address: z.string().max(254).regex(ADDRESS, 'is not one email address; write it like name@example.com'),
});

const header = z.string().refine((value) => !CONTROL.test(value), 'may not hold control characters');

const attachment = z.strictObject({
  filename: header.pipe(z.string().min(1).max(200)),
  contentType: z.string().regex(/^[\w.+-]+\/[\w.+-]+$/, 'is not a media type; write it like application/pdf'),
  content: z.instanceof(Uint8Array),
  /** For a picture inside the HTML: `cid:` and this id. */
  contentId: header.optional(),
});

/** One email to one recipient. Everything that reaches the wire is checked here. */
export const emailMessageSchema = z.strictObject({
  /** The communication's id: the Message-ID, the envelope id and the boundaries are made of it. */
  id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
  to: mailbox,
  /** Who it is from; absent: the channel's own sender. */
  from: mailbox.optional(),
  replyTo: mailbox.optional(),
  subject: header.pipe(z.string().min(1).max(998)),
  text: z.string(),
  html: z.string().optional(),
  /** The Date header. The same message composed twice is the same to the byte. */
  composedAt: z.date(),
  /** BCP 47, for Content-Language. */
  language: z
    .string()
    .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/)
    .optional(),
  /** Where bounces go (the envelope's sender); absent: the sender's address. */
  bounceAddress: mailbox.shape.address.optional(),
  /** One click and it stops (RFC 8058); required for marketing by the callers' rules. */
  unsubscribe: z
    .strictObject({ url: z.url({ protocol: /^https?$/ }), mailto: mailbox.shape.address.optional() })
    .optional(),
  /** Names the list the message belongs to (RFC 2919), such as the supplier's id. */
  listId: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,200}$/)
    .optional(),
  /** A calendar entry (RFC 6047): `method` must be the one inside `content`. */
  calendar: z.strictObject({ method: z.enum(['REQUEST', 'CANCEL', 'PUBLISH']), content: z.string().min(1) }).optional(),
  attachments: z.array(attachment).max(20).optional(),
});

export type EmailMessage = z.infer<typeof emailMessageSchema>;
export type Mailbox = EmailMessage['to'];
