import { Command, InvalidArgumentError } from 'commander';

import { readConfig } from '../../config.ts';
import { twilioFrom } from '../twilio-account.ts';
import { createLog } from '../../worker/create-log.ts';
import { installRuntime } from '../../worker/install-runtime.ts';
import { startWorker } from '../../worker/start-worker.ts';
import { writeWorkflowBundle } from '../../worker/workflow-bundle.ts';
import { tracingFrom } from '../../tracing-settings.ts';
import { tuningFrom } from '../../worker/worker-tuning.ts';
import { temporalFromEnvironment } from '../temporal-connection.ts';

/** `wedsync worker`: carries journeys out until it is told to stop. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('Carry journeys out: activities, workflows and the relay of events. Several may run.')
    .option(
      '--metrics <address>',
      'offer metrics for Prometheus at this address, such as 0.0.0.0:9464 (METRICS_ADDRESS)',
    )
    .option('--write-bundle <file>', 'bundle the workflows into a file for WORKFLOW_BUNDLE, and do nothing else')
    .option('--send-timeout <seconds>', 'how long one attempt of a send may take', parseSeconds, 30)
    .addHelpText(
      'after',
      `
Settings: DATABASE_URL_WORKER, DATABASE_URL_RELAY, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, SMTP_URL,
WEDSYNC_ENCRYPTION_KEYS; how much is done at once: WORKER_* (.env.example explains each). SIGTERM or Ctrl-C: takes no new work and finishes the sends under way.`,
    )
    .action(runWorker);
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 1 || seconds > 60) {
    throw new InvalidArgumentError('A number of seconds from 1 to 60.');
  }
  return seconds;
}

async function runWorker(options: { metrics?: string; sendTimeout: number; writeBundle?: string }): Promise<void> {
  if (options.writeBundle !== undefined) return writeWorkflowBundle(options.writeBundle);
  const config = readConfig(process.env, [
    'DATABASE_URL_WORKER',
    'DATABASE_URL_RELAY',
    'TEMPORAL_ADDRESS',
    'SMTP_URL',
    'WEDSYNC_ENCRYPTION_KEYS',
  ]);
  const log = createLog(config.LOG_LEVEL);
  installRuntime({ log, metricsAddress: options.metrics ?? config.METRICS_ADDRESS });
  const stopRequested = new Promise<string>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal));
  });
  const worker = await startWorker({
    databaseUrls: { worker: config.DATABASE_URL_WORKER ?? '', relay: config.DATABASE_URL_RELAY ?? '' },
    temporal: temporalFromEnvironment(config),
    encryptionKeys: config.WEDSYNC_ENCRYPTION_KEYS ?? '',
    smtpUrl: config.SMTP_URL ?? '',
    backupSmtpUrl: config.SMTP_BACKUP_URL,
    mailFrom: config.MAIL_FROM,
    bounceDomain: config.MAIL_BOUNCE_DOMAIN,
    segmentPriceMicros: config.TWILIO_SEGMENT_PRICE_MICROS,
    twilio: twilioFrom(config),
    webhookAllowList: config.WEBHOOK_ALLOW_LIST,
    publicUrl: config.WEDSYNC_PUBLIC_URL,
    workflowBundlePath: config.WORKFLOW_BUNDLE,
    sendTimeoutMs: options.sendTimeout * 1_000,
    tuning: tuningFrom(config),
    tracing: tracingFrom(config),
    log,
  });
  log.info('carrying out journeys');
  const ended = await Promise.race([stopRequested, worker.done.then(() => 'its own')]);
  log.info({ by: ended }, 'stopping: no new work, sends under way are finished');
  await worker.stop();
}
