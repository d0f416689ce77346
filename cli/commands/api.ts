import { Command } from 'commander';
import { destination } from 'pino';
import { createLog } from '../../worker/create-log.ts';
import { readConfig } from '../../config.ts';
import { openDatabase } from '../../db/database.ts';
import { receiptsFrom } from '../receipt-providers.ts';
import { bearerTokenCheck, startApi } from '../start-api.ts';
import { temporalFromEnvironment } from '../temporal-connection.ts';

/** `wedsync api`: answers HTTP until it is told to stop. */
export function apiCommand(): Command {
  return new Command('api')
    .description('Answer HTTP: health, codec server for the Temporal UI. Several may run.')
    .option('--host <address>', 'address to listen on', '0.0.0.0')
    .addHelpText(
      'after',
      `
Settings: PORT, DATABASE_URL_API, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, WEDSYNC_ENCRYPTION_KEYS; CODEC_TOKEN and
TEMPORAL_UI_URL for the codec server. SIGTERM or Ctrl-C: requests under way are finished.`,
    )
    .action(runApi);
}

async function runApi({ host }: { host: string }): Promise<void> {
  const config = readConfig(process.env, ['DATABASE_URL_API', 'TEMPORAL_ADDRESS', 'WEDSYNC_ENCRYPTION_KEYS']);
  const log = createLog(config.LOG_LEVEL, destination({ dest: 2 }));
  const stopRequested = new Promise<string>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(signal));
  });
  const database = openDatabase({
    url: config.DATABASE_URL_API ?? '',
    applicationName: 'wedsync api',
    onError: (error) => log.warn({ err: error }, 'a connection to the database was lost'),
  });
  const api = await startApi({
    host,
    port: config.PORT,
    database,
    log,
    temporal: temporalFromEnvironment(config),
    encryptionKeys: config.WEDSYNC_ENCRYPTION_KEYS ?? '',
    receipts: receiptsFrom(config),
    trustedProxies: config.TRUSTED_PROXIES?.split(','),
    platformStripeSecrets: config.STRIPE_WEBHOOK_SECRETS?.split(','),
    codec:
      config.CODEC_TOKEN === undefined
        ? undefined
        : {
            allowedOrigins: config.TEMPORAL_UI_URL === undefined ? [] : [new URL(config.TEMPORAL_UI_URL).origin],
            authorize: bearerTokenCheck(config.CODEC_TOKEN, 'admin:codec_token'),
          },
  });
  log.info({ url: api.url }, 'answering HTTP');
  log.info({ by: await stopRequested }, 'stopping: requests under way are finished');
  await api.stop();
  await database.close();
}
