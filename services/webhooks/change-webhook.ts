import { z } from 'zod';

import type { AllowList } from '../../channels/webhook/allow-list.ts';
import { checkUrl } from '../../channels/webhook/check-url.ts';
import type { Trx } from '../../db/tenant.ts';
import { changeWebhook as write } from '../../db/webhooks.ts';
import { eventListSchema } from './create-webhook.ts';

const changeSchema = z.strictObject({
  url: z.string().optional(),
  events: eventListSchema.optional(),
  isOrdered: z.boolean().optional(),
});

export type WebhookChange = { ok: true } | { ok: false; problems: { path: string; message: string }[] };

/** Changes where an endpoint is, what it is told and in which order; what is left out stays, its secret too. */
export async function changeWebhook(
  trx: Trx,
  id: string,
  input: unknown,
  allowList?: AllowList,
): Promise<WebhookChange> {
  const parsed = changeSchema.safeParse(input);
  if (!parsed.success) {
    return { ok: false, problems: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) };
  }
  const { url, events, isOrdered } = parsed.data;
  const target = url === undefined ? null : checkUrl(url, allowList);
  if (target?.ok === false) return { ok: false, problems: [{ path: 'url', message: target.message }] };
  await write(trx, id, { url: target?.url.href, events, isOrdered });
  return { ok: true };
}
