import { OVERLAP, rotateSecret } from '../../channels/webhook/rotate-keys.ts';
import { sealSecret, type SealingKeys } from '../../channels/webhook/sealed-secret.ts';
import { generateSigningKey } from '../../channels/webhook/signing-key.ts';
import { lockWebhookSecret, setWebhookSecret, type WebhookRow } from '../../db/webhooks.ts';
import type { Trx } from '../../db/tenant.ts';
import { shownKey } from './create-webhook.ts';

/**
 * Gives an endpoint a new secret. The old one signs beside it for the overlap (a day by default; none for a secret that
 * leaked), so that a receiver can change over without losing an event.
 *
 * @returns what the receiver checks signatures with from now on, and until when the old one is good too
 */
export async function rotateWebhookSecret(
  trx: Trx,
  organizationId: string,
  { id, signature }: Pick<WebhookRow, 'id' | 'signature'>,
  { sealingKeys, now, overlapMs = OVERLAP.defaultMs }: { sealingKeys: SealingKeys; now: Date; overlapMs?: number },
): Promise<{ verifyWith: string; oldUntil: Date | null }> {
  const known = await lockWebhookSecret(trx, id);
  if (known === null) throw new Error(`There is no webhook ${id}.`);
  const secret = generateSigningKey(signature);
  const sealed = sealSecret(secret, organizationId, sealingKeys);
  const { current, previous } = rotateSecret({ current: known.secret, previous: null }, sealed, now, overlapMs);
  await setWebhookSecret(trx, id, { secret: current, secretKeyId: sealingKeys.current.id, previous });
  return { verifyWith: shownKey(secret), oldUntil: previous?.until ?? null };
}
