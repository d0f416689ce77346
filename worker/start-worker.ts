import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, type NativeConnectionOptions } from '@temporalio/worker';
import type { Logger } from 'pino';

import type { Sender } from '../activities/deliver-message.ts';
import { createActivities } from '../activities/create-activities.ts';
import { createPlanAhead } from '../activities/plan-ahead.ts';
import { createTemplateRenderer } from '../channels/template-renderer.ts';
import type { TwilioOptions } from '../channels/twilio.ts';
import { assertOrdinaryRole } from '../db/assert-ordinary-role.ts';
import { openDatabase } from '../db/database.ts';
import { assertMigrated } from '../db/migrate/migrate.ts';
import type { MigrationDatabase } from '../db/migrate/statements.ts';
import { tellDue } from '../db/outbox.ts';
import { withRelay } from '../db/relay.ts';
import { withoutTenant } from '../db/without-tenant.ts';
import { checkAlerts } from '../services/check-database.ts';
import { maintainDatabase } from '../services/maintain-database.ts';
import type { TracingSettings } from '../tracing-settings.ts';
import { assertSearchAttributes } from './assert-search-attributes.ts';
import { createLog } from './create-log.ts';
import { createCrowdGate } from './crowd-gate.ts';
import { createDataConverter } from './data-converter.ts';
import { createDatabaseClock } from './database-clock.ts';
import { createEmailSender } from './email-sender.ts';
import { ensureSchedules } from './ensure-schedules.ts';
import { createGiveCommand } from './give-command.ts';
import { createJourneyWorkflows } from './journey-workflows.ts';
import { parseKeyRing } from './key-ring.ts';
import { logSteps } from './log-steps.ts';
import { createWorkMetrics } from './metrics.ts';
import { createNews } from './news.ts';
import { reconcile } from './reconcile.ts';
import { startRelay } from './relay.ts';
import { routeSends } from './route-sends.ts';
import { channelQueue, JOURNEYS_QUEUE } from './task-queues.ts';
import { createStartEnrolments } from './start-enrolments.ts';
import { startTeamMailWork } from './team-mail-work.ts';
import { createTemporalWorkers } from './temporal-workers.ts';
import { createTextSenders } from './text-senders.ts';
import { traceActivities, traceClient, traceSender } from './trace-work.ts';
import { openTracing } from './tracing.ts';
import { WorkerStartError } from './worker-start-error.ts';
import { checkAllApprovals } from './check-all-approvals.ts';
import { createWebhookWork } from './webhook-work.ts';
import { DEFAULT_TUNING, type WorkerTuning } from './worker-tuning.ts';

export interface WorkerOptions {
  readonly databaseUrls: { readonly worker: string; readonly relay: string };
  readonly temporal: {
    readonly address: string;
    readonly namespace: string;
    /** TLS, API key and the like, as the client and the worker take them. */
    readonly connection?: Pick<NativeConnectionOptions, 'tls' | 'apiKey'> | undefined;
  };
  /** `id:key,id:key`; see key-ring.ts. */
  readonly encryptionKeys: string;
  readonly smtpUrl: string;
  /** A second mail server, for certain failures of the first. */
  readonly backupSmtpUrl?: string | undefined;
  /** Where mails that could not be delivered come back to us. */
  readonly bounceDomain?: string | undefined;
  /** Inner addresses that webhooks may reach all the same; channels/webhook/allow-list.ts. */
  readonly webhookAllowList?: string | undefined;
  /** Address that mails come from. */
  readonly mailFrom?: string | undefined;
  /** Account for text and WhatsApp messages; without it they wait for one. */
  readonly twilio?: TwilioOptions | undefined;
  /** What a segment of a text costs on that account, in millionths of its currency. */
  readonly segmentPriceMicros?: number | undefined;
  /** Where people reach our pages, for links in Temporal's. */
  readonly publicUrl?: string | undefined;
  /** Workflows bundled before, by the same release; absent: bundled at the start. */
  readonly workflowBundlePath?: string | undefined;
  readonly log?: Logger | undefined;
  readonly taskQueue?: string | undefined;
  /** How long one attempt of a send may take, in milliseconds. */
  readonly sendTimeoutMs?: number | undefined;
  /** Where traces of the work go; absent: there are none. */
  readonly tracing?: TracingSettings | null | undefined;
  /** How much is done at once; what is left out is as in DEFAULT_TUNING. */
  readonly tuning?: Partial<WorkerTuning> | undefined;
}

export interface RunningWorker {
  /** Throws a sentence that says what is wrong. */
  readonly assertHealthy: () => Promise<void>;
  /** Takes no new work, lets sends finish, stops the relay, closes connections. */
  readonly stop: () => Promise<void>;
  /** Settles when the worker has ended: after `stop`, or with the error it died of. */
  readonly done: Promise<void>;
}

type TemporalAddress = Pick<NativeConnectionOptions, 'address' | 'tls' | 'apiKey'>;

/** The relay is ill when it has not looked at the outbox for so long. */
const RELAY_LATE_MS = 15_000;
const SEND_TIMEOUT_MS = 30_000;
const NO_REPLY = 'journeys@wedsync.invalid';

/**
 * Starts what carries journeys out: the worker of workflows and activities, and the relay, in this process.
 *
 * @throws WorkerStartError, MigrationError: nothing runs then
 */
export async function startWorker(options: WorkerOptions): Promise<RunningWorker> {
  const { temporal, databaseUrls, log = createLog('warn'), taskQueue = JOURNEYS_QUEUE } = options;
  const tuning = { ...DEFAULT_TUNING, ...options.tuning };
  assertNode();
  await using opened = new AsyncDisposableStack();
  const tracing = await openTracing(options.tracing ?? null, log);
  // First in, last out: the end of everything else is still told.
  opened.defer(() => tracing?.stop());
  const onError = (error: Error): void => log.warn({ err: error }, 'a connection to the database was lost');
  const workerDatabase = openDatabase({
    url: databaseUrls.worker,
    poolSize: tuning.databasePool,
    applicationName: 'wedsync-worker',
    onError,
  });
  opened.defer(() => workerDatabase.close());
  const relayDatabase = openDatabase({
    url: databaseUrls.relay,
    poolSize: 3,
    applicationName: 'wedsync-relay',
    onError,
  });
  opened.defer(() => relayDatabase.close());
  await withRelay(relayDatabase, (trx) => assertMigrated(trx as unknown as MigrationDatabase));
  for (const database of [workerDatabase, relayDatabase]) await withoutTenant(database, assertOrdinaryRole);

  const keyRing = parseKeyRing(options.encryptionKeys);
  const dataConverter = createDataConverter(keyRing);
  const connectionOptions: TemporalAddress = { address: temporal.address, ...temporal.connection };
  const connection = await connectTemporal(connectionOptions, temporal);
  opened.defer(() => connection.close());
  await assertSearchAttributes(connection, temporal.namespace);
  const nativeConnection = await NativeConnection.connect(connectionOptions);
  opened.defer(() => nativeConnection.close());
  const client = new Client({
    connection,
    namespace: temporal.namespace,
    dataConverter,
    ...(tracing === null ? {} : { interceptors: { workflow: [traceClient(tracing)] } }),
  });

  const email = createEmailSender({
    smtpUrl: options.smtpUrl,
    backupSmtpUrl: options.backupSmtpUrl,
    fromAddress: options.mailFrom ?? NO_REPLY,
    bounceDomain: options.bounceDomain,
    keys: keyRing,
  });
  opened.defer(() => email.close());
  const texts = createTextSenders({ ...options, keys: keyRing });
  const metrics = createWorkMetrics(Runtime.instance().metricMeter);
  const observed = (channel: string, sender: Sender): Sender =>
    metrics.counted(channel, tracing === null ? sender : traceSender(tracing, channel, sender));
  const renderer = createTemplateRenderer();
  opened.defer(() => renderer.close());
  const clock = createDatabaseClock(relayDatabase);
  const webhooks = createWebhookWork({
    workerDatabase,
    relayDatabase,
    clock,
    keyRing,
    client,
    taskQueue,
    activityQueue: channelQueue(taskQueue, 'webhook'),
    log,
    allowList: options.webhookAllowList,
  });
  opened.defer(() => webhooks.stop());
  const workflows = createJourneyWorkflows(client, { taskQueue, publicUrl: options.publicUrl });
  await ensureSchedules(client, taskQueue);
  const news = createNews();
  const activities = {
    ...routeSends(
      logSteps(
        createActivities({
          database: workerDatabase,
          clock,
          senders: {
            email: observed('email', email),
            sms: observed('sms', texts.sms),
            whatsapp: observed('whatsapp', texts.whatsapp),
          },
          sendTimeoutMs: options.sendTimeoutMs ?? SEND_TIMEOUT_MS,
          onSent: metrics.sent,
          renderer,
          publicUrl: options.publicUrl,
          segmentPriceMicros: options.segmentPriceMicros,
        }),
        log,
      ),
      taskQueue,
    ),
    giveCommand: createGiveCommand({ database: workerDatabase, clock }),
    startEnrolments: createStartEnrolments({
      workerDatabase,
      workflows,
      clock,
      perSecond: tuning.enrolmentsPerSecond,
    }),
    ...webhooks.activities,
    maintain: async (): Promise<void> => {
      const { seals } = await maintainDatabase(workerDatabase);
      // A digest in the log is one that nobody who can write to the database can change.
      for (const seal of seals) log.info({ seal }, 'the audit was sealed');
      await checkAllApprovals({ relayDatabase, workerDatabase, log }, texts.approvalOf);
    },
    tellDue: async (): Promise<number> => {
      const now = await clock();
      return withRelay(relayDatabase, (trx) => tellDue(trx, now));
    },
    reconcile: async (): Promise<number> => {
      const findings = await reconcile({ relayDatabase, workerDatabase, workflows, client, clock, repair: true });
      for (const finding of news(findings)) log.warn({ finding }, 'found by the reconciliation');
      for (const alert of await checkAlerts(workerDatabase)) {
        if (alert.severity !== 'info') log[alert.severity === 'critical' ? 'error' : 'warn']({ alert }, alert.message);
      }
      return findings.length;
    },
  };
  const workers = await createTemporalWorkers({
    connection: nativeConnection,
    namespace: temporal.namespace,
    taskQueue,
    dataConverter,
    workflowBundlePath: options.workflowBundlePath,
    tuning,
    interceptors: tracing === null ? undefined : { activity: [traceActivities(tracing)] },
    activities,
    channelActivities: {
      email: ['sendEmail'],
      sms: ['sendSms'],
      whatsapp: ['sendWhatsapp'],
      webhook: ['deliverWebhook'],
    },
  });
  const relay = startRelay({
    relayDatabase,
    workerDatabase,
    workflows,
    log,
    clock,
    tracing,
    crowdGate: createCrowdGate(client, taskQueue),
    planAhead: tuning.plansAhead ? createPlanAhead({ database: workerDatabase, clock }) : undefined,
  });
  webhooks.start();
  const teamMail = startTeamMailWork({
    relayDatabase,
    database: workerDatabase,
    clock,
    log,
    sendTimeoutMs: options.sendTimeoutMs ?? SEND_TIMEOUT_MS,
    channel: email.platform,
  });
  const watch = metrics.watch({ relayDatabase, workerDatabase, log });
  const ran = workers.run();

  const resources = opened.move();
  const done = (async (): Promise<void> => {
    try {
      await ran;
    } finally {
      await Promise.all([relay.stop(), watch.stop(), teamMail.stop()]);
      await resources.disposeAsync();
    }
  })();
  // Whoever wants to know waits for `done`; nobody has to.
  done.catch((error: unknown) => log.error({ err: error }, 'the worker ended with an error'));
  return {
    done,
    async assertHealthy() {
      workers.assertRunning();
      const lookedAt = relay.lastLookAt();
      if (lookedAt === null || Date.now() - lookedAt.getTime() > RELAY_LATE_MS) {
        throw new Error(`The relay last looked at the outbox ${lookedAt?.toISOString() ?? 'never'}.`);
      }
    },
    async stop() {
      workers.shutdown();
      await done;
    },
  };
}

async function connectTemporal(
  connectionOptions: TemporalAddress,
  { address, namespace }: WorkerOptions['temporal'],
): Promise<Connection> {
  try {
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '10 seconds' });
    await connection.workflowService.describeNamespace({ namespace });
    return connection;
  } catch (error) {
    throw new WorkerStartError(
      'temporal_unreachable',
      `No Temporal server with a namespace "${namespace}" answers at ${address}. ` +
        'Start it, or correct TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE.',
      { cause: error },
    );
  }
}

/** Newer ones let the real clock into workflows; older ones do not run TypeScript. */
function assertNode(): void {
  const major = Number(process.versions.node.split('.')[0]);
  if (major === 24) return;
  throw new WorkerStartError(
    'node_version',
    `This is Node ${process.versions.node}; workers run on Node 24. Start with "npm run" or "npx wedsync", which bring it.`,
  );
}
