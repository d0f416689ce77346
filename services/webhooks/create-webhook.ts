import { z } from 'zod';

import type { AllowList } from '../../channels/webhook/allow-list.ts';
import { checkUrl } from '../../channels/webhook/check-url.ts';
import { customHeadersSchema } from '../../channels/webhook/custom-headers.ts';
import { sealSecret, type SealingKeys } from '../../channels/webhook/sealed-secret.ts';
import { generateSigningKey, parseSigningKey, publicKeyText } from '../../channels/webhook/signing-key.ts';
import { addWebhook, type WebhookRow } from '../../db/webhooks.ts';
import type { Trx } from '../../db/tenant.ts';
import { WEBHOOK_EVENTS } from './webhook-events.ts';

const events = Object.keys(WEBHOOK_EVENTS);

/** Which events an endpoint is told. */
export const eventListSchema = z
  .array(
    z.string().refine((event) => event === '*' || events.includes(event), {
      error: (issue) => `"${String(issue.input)}" is no event. There are: *, ${events.join(', ')}.`,
    }),
  )
  .min(1)
  .max(100);

const newWebhookSchema = z.strictObject({
  name: z.string().trim().min(1).max(80),
  url: z.string(),
  events: eventListSchema,
  signature: z.enum(['hmac', 'ed25519']).default('hmac'),
  isOrdered: z.boolean().default(false),
  headers: customHeadersSchema.optional(),
});

export type WebhookCreation =
  | {
      ok: true;
      webhook: WebhookRow;
      /** What the receiver checks signatures with; a shared secret is shown this once. */
      verifyWith: string;
    }
  | { ok: false; problems: { path: string; message: string }[] };

/** Adds an endpoint of the organization, with a key of its own. */
export async function createWebhook(
  trx: Trx,
  organizationId: string,
  input: unknown,
  { sealingKeys, allowList }: { sealingKeys: SealingKeys; allowList?: AllowList },
): Promise<WebhookCreation> {
  const parsed = newWebhookSchema.safeParse(input);
  if (!parsed.success) {
    return { ok: false, problems: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) };
  }
  const { name, url, signature, headers } = parsed.data;
  const target = checkUrl(url, allowList);
  if (!target.ok) return { ok: false, problems: [{ path: 'url', message: target.message }] };
  const secret = generateSigningKey(signature);
  const webhook = await addWebhook(trx, {
    name,
    url: target.url.href,
    events: parsed.data.events,
    signature,
    secret: sealSecret(secret, organizationId, sealingKeys),
    secretKeyId: sealingKeys.current.id,
    headers: headers === undefined ? null : sealSecret(JSON.stringify(headers), organizationId, sealingKeys),
    isOrdered: parsed.data.isOrdered,
  });
  if (webhook === null) {
    return { ok: false, problems: [{ path: 'name', message: `There is an endpoint "${name}" already.` }] };
  }
  return { ok: true, webhook, verifyWith: shownKey(secret) };
}

/** A shared secret as it is, of a key pair the public half. */
export function shownKey(secret: string): string {
  const parsed = parseSigningKey(secret);
  if (!parsed.ok) throw new Error(parsed.message);
  return publicKeyText(parsed.key) ?? secret;
}
