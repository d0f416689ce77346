import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client';
import type { Logger } from 'pino';

import type { Database } from '../db/database.ts';
import { withRelay } from '../db/relay.ts';
import { leaseDeliveries, markDispatched, type WaitingDelivery } from '../db/webhook-deliveries.ts';
import type { deliverWebhook } from '../workflows/deliver-webhook.ts';
import { poll, type Poll } from './poll.ts';

export interface WebhookDispatchOptions {
  /** Opened as app_relay. */
  readonly relayDatabase: Database;
  readonly client: Client;
  readonly taskQueue: string;
  /** Where the attempts wait for a worker; absent: in the workflows' queue. */
  readonly activityQueue?: string | undefined;
  readonly log: Logger;
  readonly batchSize?: number;
  /** How long an idle dispatch waits before it looks again, in milliseconds. */
  readonly idleMs?: number;
  readonly leaseMs?: number;
}

const AFTER_ERROR_MS = 2_000;
/** Starts under way at once: a burst of events must not keep the frontend from the journeys. */
const CONCURRENCY = 10;

/**
 * Starts a workflow for every delivery that was written. It is apart from the relay of events, so that ten thousand
 * webhooks never hold up a message that is due. Several may run; one may die at any point, and another starts the same
 * workflow again, which changes nothing.
 */
export function startWebhookDispatch(options: WebhookDispatchOptions): Poll {
  const { log, idleMs = 250 } = options;
  const onError = (error: unknown): void =>
    log.error({ err: error }, 'webhook deliveries could not be started; another try follows');
  return poll(() => dispatchOnce(options), { idleMs, afterErrorMs: AFTER_ERROR_MS, onError });
}

/** Takes one batch and starts its workflows. Answers with how many were leased. */
export async function dispatchOnce(options: WebhookDispatchOptions): Promise<number> {
  const { relayDatabase, batchSize = 100, leaseMs = 30_000 } = options;
  const waiting = await withRelay(relayDatabase, (trx) => leaseDeliveries(trx, batchSize, leaseMs));
  for (let from = 0; from < waiting.length; from += CONCURRENCY) {
    const some = waiting.slice(from, from + CONCURRENCY);
    await Promise.all(some.map((delivery) => startDelivery(options, delivery)));
    const ids = some.map(({ deliveryId }) => deliveryId);
    await withRelay(relayDatabase, (trx) => markDispatched(trx, ids));
  }
  return waiting.length;
}

async function startDelivery(
  { client, taskQueue, activityQueue }: WebhookDispatchOptions,
  delivery: WaitingDelivery,
): Promise<void> {
  const { organizationId, deliveryId, run, eventType } = delivery;
  try {
    await client.workflow.start<typeof deliverWebhook>('deliverWebhook', {
      taskQueue,
      workflowId: `webhook/${organizationId}/${deliveryId}/${run}`,
      args: [{ organizationId, deliveryId, run }, activityQueue],
      staticSummary: `webhook ${eventType}`,
      priority: { fairnessKey: organizationId },
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
