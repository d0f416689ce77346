import type { DeliveryRef } from '../db/webhook-deliveries.ts';

/** One attempt of a delivery; answers how the delivery ended, and fails with the ladder's wait until it has. */
export type DeliverWebhook = (delivery: DeliveryRef) => Promise<string>;
