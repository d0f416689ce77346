import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

import { startWorker } from '../../worker/start-worker.ts';
import { startReceiver } from '../channels/webhook/receiver.ts';
import { ALL_AT_ONCE_MS, eventually } from './eventually.ts';
import { MARKS } from './marks.ts';
import { bookMarked } from './platform-couple.ts';
import { journeyOf, PLATFORM_FEATURES } from './platform-features.ts';
import { connectClient } from './temporal.ts';
import { createSupplier, createWorld, type World } from './world.ts';

/** A world with a worker and a receiver of webhooks, for features that are played through as a whole. */
export interface Platform {
  readonly world: World;
  readonly client: Client;
  readonly receiverUrl: string;
  /** Stops the worker and starts one with other keys. */
  changeKeys(encryptionKeys: string): Promise<void>;
  close(): Promise<void>;
}

export async function startPlatform(): Promise<Platform> {
  await using opened = new AsyncDisposableStack();
  const world = await createWorld();
  opened.defer(() => world.close());
  const receiver = await startReceiver((request, response) => {
    const status = request.url === '/gone' ? 410 : 204;
    response.writeHead(status).end(status === 410 ? `${MARKS.firstName} ${MARKS.lastName} has left` : undefined);
  });
  opened.defer(() => receiver.stop());
  const client = await connectClient(world.temporal.address);
  opened.defer(() => client.connection.close());
  const webhookAllowList = `127.0.0.1:${receiver.port}`;
  const { accountSid, authToken, baseUrl } = world.inbox.twilio;
  const twilio = { accountSid, authToken, baseUrl, sender: { from: '+447700900999' } };
  // Long enough for a look at a message that is on its way, however busy this machine is.
  const options = { ...world.workerOptions, webhookAllowList, twilio, sendTimeoutMs: 20_000 };
  let worker = await startWorker(options);
  opened.defer(() => worker.stop());
  const resources = opened.move();
  return {
    world,
    client,
    receiverUrl: `http://127.0.0.1:${receiver.port}`,
    async changeKeys(encryptionKeys) {
      await worker.stop();
      worker = await startWorker({ ...options, encryptionKeys });
    },
    close: () => resources.disposeAsync(),
  };
}

/** What is left in Temporal of a feature that was played. */
export interface Played {
  readonly workflowId: string;
  readonly history: temporal.api.history.v1.IHistory;
  readonly description: temporal.api.workflowservice.v1.IDescribeWorkflowExecutionResponse;
}

/** Plays one feature from booking to end. The journey comes first, the deliveries of its webhooks after it. */
export async function playFeature(platform: Platform, name: string): Promise<[Played, ...Played[]]> {
  const feature = PLATFORM_FEATURES[name];
  if (feature === undefined) throw new Error(`There is no feature ${name}.`);
  const { world, client } = platform;
  const supplier = await createSupplier(world.db, [journeyOf(name, feature, platform)]);
  for (const channel of ['sms', 'whatsapp'])
    await world.db.query(
      `insert into app.communication_templates (organization_id, name, channel, content_template)
       values ($1, 'text', $2, 'Dear {{ recipient.firstName }}')`,
      [supplier.organizationId, channel],
    );
  const couple = await bookMarked(platform, supplier, name);
  await feature.happen(couple, platform);
  if (feature.ends !== 'by itself') await couple.rests();
  if (feature.ends === 'couple cancels')
    await couple.query(`update app.clients set status = 'cancelled' where id = $1`);
  if (feature.ends === 'admin cancels') await client.workflow.getHandle(couple.workflowId).cancel();
  const deliveries = await world.db.query<{ id: string }>(
    `select 'webhook/' || organization_id || '/' || id || '/0' as id from app.webhook_deliveries
      where organization_id = $1 order by created_at, id`,
    [couple.organizationId],
  );
  const left = [couple.workflowId, ...deliveries.map(({ id }) => id)].map((workflowId) =>
    leftOf(client, name, workflowId),
  );
  const [journey, ...others] = await Promise.all(left);
  if (journey === undefined) throw new Error('A feature leaves at least its journey.');
  return [journey, ...others];
}

async function leftOf(client: Client, name: string, workflowId: string): Promise<Played> {
  const handle = client.workflow.getHandle(workflowId);
  const { raw } = await eventually(
    `the workflow of ${name} has ended`,
    async () => {
      const description = await handle.describe();
      return description.status.name !== 'RUNNING' && description;
    },
    ALL_AT_ONCE_MS,
  );
  return { workflowId, history: await handle.fetchHistory(), description: raw };
}
