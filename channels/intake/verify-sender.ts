import { createHmac, timingSafeEqual } from 'node:crypto';

import { z } from 'zod';

import { parseVerifyingKey } from '../webhook/signing-key.ts';
import { verifyWebhook } from '../webhook/verify-webhook.ts';

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]{1,100}$/, 'is not the name of a header')
  .transform((name) => name.toLowerCase());

/** How a sender signs who follows no standard. */
export const hmacSignatureSchema = z.strictObject({
  /** Header with the signature. */
  header: headerName,
  algorithm: z.enum(['sha256', 'sha512', 'sha1']).default('sha256'),
  encoding: z.enum(['hex', 'base64']).default('hex'),
  /** What stands before the signature in the header, such as `sha256=`. */
  prefix: z.string().max(40).default(''),
  /** Header with unix seconds, which are signed too: `<seconds>.<body>`. Without it a message can be sent again. */
  timestampHeader: headerName.optional(),
  /** Header with the event's id, by which repetitions are known. */
  idHeader: headerName.optional(),
});

/** A shared word in a header, for tools that cannot sign. */
export const tokenSignatureSchema = z.strictObject({
  header: headerName.default('authorization'),
  prefix: z.string().max(40).default('Bearer '),
  idHeader: headerName.optional(),
});

export type SignedRequest = {
  headers: Readonly<Record<string, string | string[] | undefined>>;
  rawBody: Uint8Array;
  /** Any of them may have been used; several while one replaces the other. */
  secrets: readonly string[];
  now: Date;
};

export type SenderCheck = { ok: true; id: string | null } | { ok: false; message: string };

const TOLERANCE_SECONDS = 300;

/** Checks who sent a generic webhook. Nothing is accepted without a secret. */
export function verifySender(
  scheme: 'standard_webhooks' | 'hmac' | 'token',
  settings: unknown,
  request: SignedRequest,
): SenderCheck {
  switch (scheme) {
    case 'standard_webhooks':
      return byStandard(request);
    case 'hmac':
      return byHmac(hmacSignatureSchema.parse(settings), request);
    case 'token':
      return byToken(tokenSignatureSchema.parse(settings), request);
    default:
      throw new Error(`Unknown signature scheme ${String(scheme satisfies never)}`);
  }
}

function byStandard({ headers, rawBody, secrets, now }: SignedRequest): SenderCheck {
  const keys = secrets.flatMap((secret) => {
    const parsed = parseVerifyingKey(secret);
    return parsed.ok ? [parsed.key] : [];
  });
  const result = verifyWebhook(headers, rawBody, { keys, now });
  return result.ok ? { ok: true, id: result.id } : { ok: false, message: result.message };
}

function byHmac(settings: z.infer<typeof hmacSignatureSchema>, request: SignedRequest): SenderCheck {
  const { headers, rawBody, secrets, now } = request;
  const header = single(headers[settings.header]);
  if (header === null || !header.startsWith(settings.prefix)) {
    return { ok: false, message: `The request has no ${settings.header} header with a signature.` };
  }
  const time = settings.timestampHeader === undefined ? undefined : single(headers[settings.timestampHeader]);
  if (time === null || (time !== undefined && !/^\d{1,12}$/.test(time))) {
    return { ok: false, message: `The request has no ${settings.timestampHeader} header with unix seconds.` };
  }
  if (time !== undefined && Math.abs(now.getTime() / 1_000 - Number(time)) > TOLERANCE_SECONDS) {
    return { ok: false, message: 'The message was signed more than five minutes from now; check the clocks.' };
  }
  const given = Buffer.from(header.slice(settings.prefix.length), settings.encoding);
  const signed = time === undefined ? rawBody : Buffer.concat([Buffer.from(`${time}.`), rawBody]);
  const good = secrets.some((secret) => {
    const expected = createHmac(settings.algorithm, secret).update(signed).digest();
    return secret !== '' && given.length === expected.length && timingSafeEqual(given, expected);
  });
  return good ? { ok: true, id: idIn(headers, settings.idHeader) } : NO_MATCH;
}

function byToken(
  { header, prefix, idHeader }: z.infer<typeof tokenSignatureSchema>,
  request: SignedRequest,
): SenderCheck {
  const { headers, secrets } = request;
  const given = single(headers[header]);
  const matches = (secret: string): boolean => {
    // Hashed to one length first, because a comparison in constant time wants equal lengths.
    const hash = (text: string): Buffer => createHmac('sha256', 'compare').update(text).digest();
    return secret !== '' && timingSafeEqual(hash(given ?? ''), hash(prefix + secret));
  };
  return secrets.some(matches) ? { ok: true, id: idIn(headers, idHeader) } : NO_MATCH;
}

const NO_MATCH: SenderCheck = { ok: false, message: 'The secret does not fit, or the body was changed on its way.' };

function idIn(headers: SignedRequest['headers'], name: string | undefined): string | null {
  return name === undefined ? null : single(headers[name]);
}

function single(value: string | string[] | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
