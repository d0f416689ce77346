import type { Trx } from '../../db/tenant.ts';
import { findWebhook, listWebhooks, type WebhookRow } from '../../db/webhooks.ts';
import { OperatorError } from '../operator-error.ts';

/** An endpoint by its name or id. @throws OperatorError which names those there are */
export async function knownWebhook(trx: Trx, name: string, removed = false): Promise<WebhookRow> {
  const webhook = await findWebhook(trx, name, removed);
  if (webhook !== null) return webhook;
  const names = (await listWebhooks(trx, removed)).map((row) => row.name).join(', ') || 'none';
  const words = removed ? 'No endpoint' : 'There is no endpoint';
  throw new OperatorError(`${words} "${name}"${removed ? ' was removed' : ''}. There is: ${names}.`);
}
