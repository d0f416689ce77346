import { sealSecret, type SealingKeys } from '../../channels/webhook/sealed-secret.ts';
import { generateSigningKey } from '../../channels/webhook/signing-key.ts';
import { cancelDeliveries } from '../../db/webhook-deliveries.ts';
import { findWebhook, markWebhookRemoved, restoreWebhook as bringBack, type WebhookRow } from '../../db/webhooks.ts';
import type { Trx } from '../../db/tenant.ts';
import { shownKey } from './create-webhook.ts';

/**
 * Removes an endpoint: nothing goes to it any more, its secrets and headers are gone. What was delivered stays to be
 * looked at. Answers with how many deliveries waited and are cancelled.
 */
export async function removeWebhook(trx: Trx, webhookId: string, now: Date): Promise<number> {
  await markWebhookRemoved(trx, webhookId, now);
  return cancelDeliveries(trx, webhookId, 'The endpoint was removed.');
}

export type Restoration =
  /** `verifyWith`: what the receiver checks signatures with from now on. */
  { ok: true; webhook: WebhookRow; verifyWith: string } | { ok: false; message: string };

/** Brings a removed endpoint back, switched on, with a new secret. */
export async function restoreWebhook(
  trx: Trx,
  organizationId: string,
  removed: WebhookRow,
  sealingKeys: SealingKeys,
): Promise<Restoration> {
  if ((await findWebhook(trx, removed.name)) !== null) {
    const message = `There is another endpoint "${removed.name}" now. Remove that one first.`;
    return { ok: false, message };
  }
  const secret = generateSigningKey(removed.signature);
  const sealed = sealSecret(secret, organizationId, sealingKeys);
  await bringBack(trx, removed.id, { secret: sealed, secretKeyId: sealingKeys.current.id });
  const webhook = await findWebhook(trx, removed.id);
  if (webhook === null) throw new Error('An endpoint that was brought back is not there.');
  return { ok: true, webhook, verifyWith: shownKey(secret) };
}
