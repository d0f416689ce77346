import { proxyActivities } from '@temporalio/workflow';

import type { DeliverWebhook } from '../activities/webhook-activities.ts';

/**
 * Brings one webhook to its receiver. Each attempt is an attempt of the one activity, whose failure says when the next
 * is due: the ladder is in the activity, and days of waiting add nothing to the history.
 *
 * @param queue task queue of webhooks; absent: the workflow's own
 */
export async function deliverWebhook(delivery: Parameters<DeliverWebhook>[0], queue?: string): Promise<string> {
  const { deliveryId, run } = delivery;
  const activities = proxyActivities<{ deliverWebhook: DeliverWebhook }>({
    startToCloseTimeout: '1 minute',
    // The death of a worker in the middle of an attempt is noticed within seconds.
    heartbeatTimeout: '10 seconds',
    taskQueue: queue,
    // Only for faults of ours, such as a database that is away: the ladder's failures bring their own wait.
    retry: { initialInterval: '2 seconds', maximumInterval: '5 minutes' },
  });
  const summary = `webhook ${deliveryId}${run === 0 ? '' : `, replay ${run}`}`;
  return activities.deliverWebhook.executeWithOptions({ summary }, [delivery]);
}
