import { fork } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { Client as Temporal, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Client } from 'pg';

import { createActivities } from '../activities/create-activities.ts';
import type { Sender } from '../activities/deliver-message.ts';
import { createTemplateRenderer } from '../channels/template-renderer.ts';
import { startTemporalDevServer } from '../cli/dev/temporal-server.ts';
import { withScratchDatabase } from '../cli/dev/with-scratch-database.ts';
import { openDatabase } from '../db/database.ts';
import { executionHeads, insertExecution } from '../db/enrolments.ts';
import { publishJourneyVersion, saveJourneyDraft } from '../db/journeys.ts';
import { ensureRoles, LOGIN_ROLES, roleUrl } from '../db/roles.ts';
import { withTenant } from '../db/tenant.ts';
import { parseDefinition } from '../journeys/definition.ts';
import { createDataConverter } from '../worker/data-converter.ts';
import { createJourneyWorkflows, workflowIdOf } from '../worker/journey-workflows.ts';
import { parseKeyRing } from '../worker/key-ring.ts';
import { routeSends } from '../worker/route-sends.ts';
import { startWorker } from '../worker/start-worker.ts';
import { channelQueue, JOURNEYS_QUEUE } from '../worker/task-queues.ts';
import { workflowBundleOptions } from '../worker/workflow-bundle.ts';
import type { Measurement } from './measure.ts';
import { CROWD, until } from './platform.ts';

const OTHERS = 5;
const PASSWORD = 'bench';
const KEYS = `bench:${Buffer.alloc(32, 7).toString('base64')}`;

/**
 * Ten thousand mails of one organization are due and wait in the queue; then another organization's couple books. What
 * is measured is its one step: from the moment it was put into the same queue until a worker took it, by Temporal's own
 * clock, and from the booking's commit until the message was claimed. On the development server, with the worker as it
 * is configured by default.
 */
export async function fairnessBench(): Promise<Measurement[]> {
  Runtime.install({ logger: new DefaultLogger('WARN') });
  await using opened = new AsyncDisposableStack();
  const temporal = await startTemporalDevServer({ uiPort: false });
  opened.defer(() => temporal.stop());
  const smtpUrl = await startSink(opened);
  // Waited for: what is opened here is closed where this function returns.
  return await withScratchDatabase(async (adminUrl) => {
    await using used = new AsyncDisposableStack();
    await ensureRoles(adminUrl, Object.fromEntries(LOGIN_ROLES.map((role) => [role, PASSWORD])));
    const urlOf = (role: 'app_api' | 'app_worker' | 'app_relay'): string => roleUrl(adminUrl, role, PASSWORD);
    const admin = new Client({ connectionString: adminUrl });
    await admin.connect();
    used.defer(() => admin.end());
    const database = openDatabase({ url: urlOf('app_worker'), poolSize: 10 });
    used.defer(() => database.close());
    const api = openDatabase({ url: urlOf('app_api'), poolSize: 2 });
    used.defer(() => api.close());
    const connection = await Connection.connect({ address: temporal.address });
    used.defer(() => connection.close());
    const client = new Temporal({ connection, dataConverter: createDataConverter(parseKeyRing(KEYS)) });

    const [many, few] = [await seed(admin, api, 'many'), await seed(admin, api, 'few')];
    const crowd = await book(admin, many.organizationId, CROWD);
    // What the relay does about ten thousand bookings is another bench.
    await admin.query(`update app.outbox set processed_at = now() where processed_at is null`);
    await fillQueue(client, database, temporal.address, many, crowd);
    const worker = await startWorker({
      databaseUrls: { worker: urlOf('app_worker'), relay: urlOf('app_relay') },
      temporal: { address: temporal.address, namespace: temporal.namespace },
      encryptionKeys: KEYS,
      smtpUrl,
      mailFrom: 'journeys@example.com',
    });
    used.defer(() => worker.stop());
    await until('the queue is being worked on', async () => (await sent(admin, many)) > 20);
    const [queueMs, wholeMs]: [number[], number[]] = [[], []];
    for (let index = 0; index < OTHERS; index += 1) {
      const one = await bookAndSend(client, admin, few);
      queueMs.push(one.queueMs);
      wholeMs.push(one.wholeMs);
    }
    const left = CROWD - (await sent(admin, many));
    return [
      figure('another organization’s step starts after', queueMs, 'ms', { atMost: 2_000 }),
      figure('from its booking until its mail is claimed', wholeMs, 'ms', null),
      figure('steps of the first one still queued then', [left], 'steps', { atLeast: CROWD / 2 }),
    ];
  });
}

interface Seeded {
  readonly organizationId: string;
  readonly journeyId: string;
  readonly journeyVersionId: string;
}

async function seed(admin: Client, api: ReturnType<typeof openDatabase>, slug: string): Promise<Seeded> {
  const { rows } = await admin.query<{ id: string }>(
    `insert into app.organizations (name, slug) values ('Bench', $1) returning id`,
    [slug],
  );
  const organizationId = rows[0]?.id ?? '';
  await admin.query(
    `insert into app.communication_templates (organization_id, name, channel, subject_template, content_template)
     values ($1, 'words', 'email', 'Subject', '<p>Words</p>')`,
    [organizationId],
  );
  const mail = { key: 'mail', type: 'email', template: 'words', purpose: 'transactional' };
  const parsed = parseDefinition({
    schema: 1,
    name: 'One mail',
    starts: { on: slug === 'few' ? 'client.booked' : 'manual' },
    steps: [{ ...mail, when: { anchor: 'journey_start' } }],
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { definition } = parsed;
  return withTenant(api, { organizationId, actor: 'bench' }, async (trx) => {
    const journeyId = (await saveJourneyDraft(trx, { definition })) ?? '';
    const { journeyVersionId } = await publishJourneyVersion(trx, { journeyId, definition });
    return { organizationId, journeyId, journeyVersionId };
  });
}

async function book(admin: Client, organizationId: string, couples: number): Promise<string[]> {
  const { rows } = await admin.query<{ id: string }>(
    `with client as (
       insert into app.clients (organization_id, partner_1_name, wedding_date, status)
       select $1, 'Ana', '2030-06-15', 'booked' from generate_series(1, $2) returning organization_id, id
     ), contact as (
       insert into app.client_contacts (organization_id, client_id, contact_type, contact_value, is_primary)
       select organization_id, id, 'email', 'ana@example.com', true from client)
     select id from client`,
    [organizationId, couples],
  );
  return rows.map(({ id }) => id);
}

/** Plans ten thousand executions with nobody there who sends: their steps are due and wait in the queue of mails. */
async function fillQueue(
  client: Temporal,
  database: ReturnType<typeof openDatabase>,
  address: string,
  { organizationId, journeyId, journeyVersionId }: Seeded,
  clientIds: readonly string[],
): Promise<void> {
  const renderer = createTemplateRenderer();
  const nobody: Sender = { provider: 'bench', send: () => Promise.reject(new Error('Nobody sends yet.')) };
  const clock = async (): Promise<Date> => new Date();
  const senders = { email: nobody, sms: nobody, whatsapp: nobody };
  const activities = createActivities({ database, clock, senders, renderer, sendTimeoutMs: 10_000 });
  const connection = await NativeConnection.connect({ address });
  const planner = await Worker.create({
    ...workflowBundleOptions(),
    connection,
    taskQueue: JOURNEYS_QUEUE,
    dataConverter: createDataConverter(parseKeyRing(KEYS)),
    activities: routeSends(activities, JOURNEYS_QUEUE),
    maxEagerActivityReservationsPerWorkflowTask: 0,
  });
  const workflows = createJourneyWorkflows(client);
  const tenant = { organizationId, actor: 'bench' };
  await planner.runUntil(async () => {
    for (let from = 0; from < CROWD; from += 500) {
      const heads = await withTenant(database, tenant, async (trx) => {
        const ids: string[] = [];
        for (const clientId of clientIds.slice(from, from + 500)) {
          const now = new Date();
          const id = await insertExecution(trx, {
            journeyId,
            journeyVersionId,
            clientId,
            triggerKey: randomUUID(),
            triggerEvent: 'manual',
            triggerRef: null,
            triggerAt: now,
            triggerDetails: {},
            startedAt: now,
            unlessEarlier: 'no_matter',
          });
          if (id !== null) ids.push(id);
        }
        return executionHeads(trx, ids);
      });
      for (let start = 0; start < heads.length; start += 50)
        await Promise.all(heads.slice(start, start + 50).map((head) => workflows.start(head)));
    }
    const progress = async (): Promise<string> => `${await backlog(client)} wait`;
    await until('all of them wait', async () => (await backlog(client)) >= CROWD, { progress });
  });
  await Promise.all([connection.close(), renderer.close()]);
}

/** How many mails wait in the queue, as Temporal counts them. */
async function backlog({ connection, options }: Temporal): Promise<number> {
  const { stats } = await connection.workflowService.describeTaskQueue({
    namespace: options.namespace,
    taskQueue: { name: channelQueue(JOURNEYS_QUEUE, 'email') },
    taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    reportStats: true,
  });
  return Number(stats?.approximateBacklogCount ?? 0);
}

async function bookAndSend(
  client: Temporal,
  admin: Client,
  { organizationId }: Seeded,
): Promise<{ queueMs: number; wholeMs: number }> {
  const [clientId] = await book(admin, organizationId, 1);
  const row = await until('the other organization’s mail has gone', async () => {
    const { rows } = await admin.query<{ id: string; ms: number }>(
      `select e.id, extract(epoch from m.send_claimed_at - c.created_at)::float8 * 1000 as ms
         from app.journey_executions e join app.communications m on m.execution_id = e.id
         join app.clients c on c.id = e.client_id where e.client_id = $1 and e.status = 'completed'`,
      [clientId],
    );
    return rows[0];
  });
  const { events } = await client.workflow.getHandle(workflowIdOf(organizationId, row.id)).fetchHistory();
  const timeOf = (which: 'activityTaskScheduledEventAttributes' | 'activityTaskStartedEventAttributes'): number => {
    const time = events?.find((event) => event[which])?.eventTime;
    return Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6;
  };
  const queueMs = timeOf('activityTaskStartedEventAttributes') - timeOf('activityTaskScheduledEventAttributes');
  return { queueMs, wholeMs: row.ms };
}

async function sent(admin: Client, { organizationId }: Seeded): Promise<number> {
  const { rows } = await admin.query<{ n: number }>(
    `select count(*)::int as n from app.communications where organization_id = $1 and status <> 'queued'`,
    [organizationId],
  );
  return rows[0]?.n ?? 0;
}

/** A mail server in a process of its own, which ends with ours. */
async function startSink(opened: AsyncDisposableStack): Promise<string> {
  const sink = fork(fileURLToPath(new URL('./smtp-sink.ts', import.meta.url)));
  opened.defer(() => sink.disconnect());
  const [port] = (await once(sink, 'message')) as [number];
  return `smtp://127.0.0.1:${port}`;
}

function figure(name: string, values: readonly number[], unit: string, bound: Measurement['bound']): Measurement {
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return { name, median, spread: [sorted[0] ?? 0, sorted.at(-1) ?? 0], unit, bound };
}
