import { randomUUID } from 'node:crypto';

import { addDelivery } from '../../db/webhook-deliveries.ts';
import type { Trx } from '../../db/tenant.ts';

/** Sends an event that means nothing, to one endpoint, also where it is switched off. Answers with the delivery's id. */
export async function sendTestEvent(trx: Trx, webhookId: string, now: Date): Promise<string> {
  const data = { message: 'This is a test. Nothing has happened.' };
  return addDelivery(trx, {
    target: { webhookId },
    eventType: 'webhook.test',
    payload: { type: 'webhook.test', timestamp: now.toISOString(), data },
    idempotencyKey: `webhook.test/${randomUUID()}`,
    isTest: true,
  });
}
