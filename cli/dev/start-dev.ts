import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import getPort from 'get-port';
import { destination } from 'pino';
import type { Config } from '../../config.ts';
import { createLog } from '../../worker/create-log.ts';
import { installRuntime } from '../../worker/install-runtime.ts';
import { startWorker } from '../../worker/start-worker.ts';
import { tracingFrom } from '../../tracing-settings.ts';
import { tuningFrom } from '../../worker/worker-tuning.ts';
import { temporalFromEnvironment } from '../temporal-connection.ts';
import { bundleWorkflows } from './bundle-workflows.ts';
import { openPostgres, prepareDatabase } from './database.ts';
import { seedDemo } from './demo/seed-demo.ts';
import { twilioFrom } from '../twilio-account.ts';
import { claimDataFolder, removeDevFile, writeDevFile, type DevFile } from './dev-file.ts';
import { INBOX_SENDER } from './inbox/inbox-account.ts';
import { startInbox } from './inbox/start-inbox.ts';
import type { Progress } from './progress.ts';
import { reservePort } from './reserve-port.ts';
import { devSecrets } from './secrets.ts';
import { startDevApi } from './start-api.ts';
import { startTemporalDevServer } from './temporal-server.ts';
import { readUpcoming, type UpcomingLine } from './upcoming.ts';

export interface DevOptions {
  readonly config: Config;
  /** Port of the API; absent: PORT, or the next free one. */
  readonly port: number | undefined;
  readonly dataFolder: string;
  readonly demo: boolean;
  readonly progress: Progress;
  /** Settles when a person wants it to end, also while it is still starting. */
  readonly stopRequested: Promise<unknown>;
}

export interface RunningDev {
  readonly info: DevFile;
  readonly upcoming: readonly UpcomingLine[];
  /** Settles when the worker has ended, by itself or because of `stop`. */
  readonly workerEnded: Promise<void>;
  /** Ends everything in the reverse order of its start; sends under way are finished. */
  readonly stop: () => Promise<void>;
}

/** Where people expect these things; another free port is taken where one is busy. */
const USUAL_PORTS = { temporal: 7233, temporalUi: 8233, inbox: 8025, smtp: 1025, metrics: 9464 };

/** What the dev inbox shows when it hands a returned mail over: nobody else is meant to. */
const RETURNS = { user: 'inbox', password: randomUUID() };

/**
 * Starts Postgres, Temporal and the dev inbox side by side, then what needs them. What had been started is stopped
 * again when a later part fails.
 *
 * @returns null where a stop was requested before everything ran
 */
export async function startDev(options: DevOptions): Promise<RunningDev | null> {
  const { config, dataFolder, progress } = options;
  await using started = new AsyncDisposableStack();
  let stopping = false;
  void options.stopRequested.then(() => {
    stopping = true;
  });
  await claimDataFolder(dataFolder);
  const reserved = await reservePort(options.port, config.PORT);
  started.defer(reserved.release);
  const apiPort = reserved.port;
  const publicUrl = config.WEDSYNC_PUBLIC_URL ?? `http://127.0.0.1:${apiPort}`;
  const secrets = await devSecrets(dataFolder);
  const encryptionKeys = config.WEDSYNC_ENCRYPTION_KEYS ?? secrets.encryptionKeys;

  // The terminal belongs to the summary: only what is wrong is told, unless somebody asks for more.
  const log = createLog(config.LOG_LEVEL === 'info' ? 'warn' : config.LOG_LEVEL, destination({ dest: 2 }));

  const bundling = new AbortController();
  started.defer(() => bundling.abort());
  const [postgres, temporal, mail, workflowBundlePath] = await allOrThrow([
    progress.step('Postgres', async (note) => {
      const server = await openPostgres(config.DATABASE_URL, dataFolder, note);
      started.defer(server.stop);
      const given = {
        api: config.DATABASE_URL_API,
        worker: config.DATABASE_URL_WORKER,
        relay: config.DATABASE_URL_RELAY,
      };
      return { adminUrl: server.adminUrl, urls: await prepareDatabase(server.adminUrl, given, secrets, note) };
    }),
    progress.step('Temporal', async (note) => {
      const server = await startTemporalDevServer({
        address: config.TEMPORAL_ADDRESS,
        namespace: config.TEMPORAL_NAMESPACE,
        dataFolder: join(dataFolder, 'temporal'),
        port: await getPort({ port: USUAL_PORTS.temporal, host: '127.0.0.1' }),
        uiPort: await getPort({ port: USUAL_PORTS.temporalUi, host: '127.0.0.1' }),
        // Before the API serves it: the UI asks for it only when somebody looks at a workflow.
        uiCodecEndpoint: `http://127.0.0.1:${apiPort}/codec`,
        onProgress: note,
      });
      started.defer(server.stop);
      return { ...server, uiUrl: server.uiUrl ?? config.TEMPORAL_UI_URL ?? null };
    }),
    progress.step('Dev inbox', async () => {
      const inbox = await startInbox({
        httpPort: await getPort({ port: USUAL_PORTS.inbox, host: '127.0.0.1' }),
        smtpPort: await getPort({ port: USUAL_PORTS.smtp, host: '127.0.0.1' }),
        dataFolder: join(dataFolder, 'inbox'),
        returnedMailUrl: `http://${RETURNS.user}:${RETURNS.password}@127.0.0.1:${apiPort}/receipts/mail/{list}`,
      });
      started.defer(() => inbox.stop());
      return { smtpUrl: config.SMTP_URL ?? inbox.smtpUrl, inboxUrl: inbox.inboxUrl, twilio: inbox.twilio };
    }),
    progress.step('Workflows', async () => {
      if (config.WORKFLOW_BUNDLE !== undefined) return config.WORKFLOW_BUNDLE;
      const bundlePath = join(dataFolder, 'workflow-bundle.js');
      await bundleWorkflows(bundlePath, bundling.signal);
      return bundlePath;
    }),
  ]);
  if (stopping) return null;

  if (options.demo) await progress.step('Demo data', (note) => seedDemo(postgres, note));
  if (stopping) return null;

  const metricsAddress =
    config.METRICS_ADDRESS ?? `127.0.0.1:${await getPort({ port: USUAL_PORTS.metrics, host: '127.0.0.1' })}`;
  const worker = await progress.step('Worker and relay', async () => {
    installRuntime({ log, metricsAddress });
    const worker = await startWorker({
      databaseUrls: postgres.urls,
      temporal: { ...temporalFromEnvironment(config), address: temporal.address, namespace: temporal.namespace },
      encryptionKeys,
      smtpUrl: mail.smtpUrl,
      twilio: twilioFrom(config) ?? { ...mail.twilio, sender: { from: INBOX_SENDER } },
      backupSmtpUrl: config.SMTP_BACKUP_URL,
      mailFrom: config.MAIL_FROM,
      bounceDomain: config.MAIL_BOUNCE_DOMAIN,
      segmentPriceMicros: config.TWILIO_SEGMENT_PRICE_MICROS,
      webhookAllowList: config.WEBHOOK_ALLOW_LIST ?? new URL(mail.inboxUrl).host,
      publicUrl,
      workflowBundlePath,
      tuning: tuningFrom(config),
      tracing: tracingFrom(config),
      log,
    });
    started.defer(worker.stop);
    return worker;
  });
  const apiUrl = await progress.step('API and status page', async () => {
    await reserved.release();
    const api = await startDevApi({
      port: apiPort,
      postgres,
      temporal,
      inboxUrl: mail.inboxUrl,
      publicUrl,
      twilioAuthToken: config.TWILIO_AUTH_TOKEN ?? mail.twilio.authToken,
      returnedMail: RETURNS,
      encryptionKeys,
      assertWorkerHealthy: worker.assertHealthy,
      log,
    });
    started.defer(api.stop);
    return api.url;
  });
  if (stopping) return null;

  const info: DevFile = {
    pid: process.pid,
    apiUrl,
    inboxUrl: mail.inboxUrl,
    smtpUrl: mail.smtpUrl,
    temporalAddress: temporal.address,
    temporalNamespace: temporal.namespace,
    temporalUiUrl: temporal.uiUrl,
    metricsUrl: `http://${metricsAddress}/metrics`,
    databaseUrl: postgres.adminUrl,
    databaseUrls: postgres.urls,
  };
  await writeDevFile(dataFolder, info);
  started.defer(() => removeDevFile(dataFolder));
  const upcoming = await readUpcoming(postgres.adminUrl);
  const running = started.move();
  return { info, upcoming, workerEnded: worker.done, stop: () => running.disposeAsync() };
}

/**
 * Like Promise.all, but waits for all of them before it fails: what one of them is still starting must be there to be
 * stopped, or it would be left behind.
 */
async function allOrThrow<Parts extends readonly Promise<unknown>[]>(
  parts: readonly [...Parts],
): Promise<{ [Index in keyof Parts]: Awaited<Parts[Index]> }> {
  await Promise.allSettled(parts);
  return Promise.all(parts);
}
