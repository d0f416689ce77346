import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';

import type { Clock } from '../activities/clock.ts';
import { createDeliverWebhook } from '../activities/deliver-webhook.ts';
import type { DeliverWebhook } from '../activities/webhook-activities.ts';
import { whileBeating } from '../activities/while-beating.ts';
import { parseAllowList } from '../channels/webhook/allow-list.ts';
import { createWebhookChannel } from '../channels/webhook/webhook-channel.ts';
import type { Database } from '../db/database.ts';
import { startInboundWork } from './inbound-work.ts';
import type { KeyRing } from './key-ring.ts';
import { startWebhookDispatch } from './webhook-dispatch.ts';
import { WorkerStartError } from './worker-start-error.ts';

export interface WebhookWorkOptions {
  readonly workerDatabase: Database;
  readonly relayDatabase: Database;
  readonly clock: Clock;
  readonly keyRing: KeyRing;
  readonly client: Client;
  readonly taskQueue: string;
  /** Where attempts of deliveries wait for a worker; absent: in the workflows' queue. */
  readonly activityQueue?: string | undefined;
  readonly log: Logger;
  /** Inner addresses that webhooks may reach all the same, as `parseAllowList` reads them. */
  readonly allowList?: string | undefined;
}

export interface WebhookWork {
  readonly activities: { readonly deliverWebhook: DeliverWebhook };
  /** Begins to start the workflows of deliveries and to process what came in; call it when the worker runs. */
  start(): void;
  stop(): Promise<void>;
}

/** What a worker process does for webhooks: the activity that delivers them, the start of their workflows, and intake. */
export function createWebhookWork(options: WebhookWorkOptions): WebhookWork {
  const { workerDatabase, clock, keyRing } = options;
  const allowed = parseAllowList(options.allowList ?? '');
  if (!allowed.ok) throw new WorkerStartError('webhook_allow_list', `The allow-list of webhooks: ${allowed.message}`);
  const channel = createWebhookChannel({ allowList: allowed.list });
  const deliver = createDeliverWebhook({
    database: workerDatabase,
    clock,
    channel,
    sealingKeys: keyRing,
    random: Math.random,
  });
  const running: { stop(): Promise<void> }[] = [];
  return {
    activities: { deliverWebhook: (ref) => whileBeating(() => deliver(ref)) },
    start() {
      running.push(startWebhookDispatch(options), startInboundWork(options));
    },
    async stop() {
      await Promise.all(running.map((one) => one.stop()));
      await channel.close();
    },
  };
}
