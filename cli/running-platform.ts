import type { Config } from '../config.ts';
import type { WorkerOptions } from '../worker/start-worker.ts';
import { readDevFile } from './dev/dev-file.ts';
import { devSecrets } from './dev/secrets.ts';
import { OperatorError } from './operator-error.ts';
import { temporalFromEnvironment } from './temporal-connection.ts';

/** Where the parts of a running platform are, for commands that look at all of it. */
export interface RunningPlatform {
  /** The administrator's. */
  readonly databaseUrl: string;
  readonly temporal: WorkerOptions['temporal'];
  readonly encryptionKeys: string;
}

/**
 * The platform of the environment (DATABASE_URL, TEMPORAL_ADDRESS, WEDSYNC_ENCRYPTION_KEYS), and what is not set there
 * from the development set-up that runs on `dataFolder`.
 *
 * @throws OperatorError where neither says it
 */
export async function readRunning(config: Config, dataFolder: string): Promise<RunningPlatform> {
  const dev = await readDevFile(dataFolder);
  const temporal = temporalFromEnvironment(config);
  const databaseUrl = config.DATABASE_URL ?? dev?.databaseUrl;
  const address = config.TEMPORAL_ADDRESS ?? dev?.temporalAddress;
  const encryptionKeys =
    config.WEDSYNC_ENCRYPTION_KEYS ?? (dev === null ? undefined : (await devSecrets(dataFolder)).encryptionKeys);
  if (databaseUrl === undefined || address === undefined || encryptionKeys === undefined) {
    throw new OperatorError(
      'Nothing runs here. Start "npm run dev" in another terminal, or set DATABASE_URL, TEMPORAL_ADDRESS and WEDSYNC_ENCRYPTION_KEYS.',
    );
  }
  const namespace =
    config.TEMPORAL_ADDRESS === undefined ? (dev?.temporalNamespace ?? temporal.namespace) : temporal.namespace;
  return { databaseUrl, encryptionKeys, temporal: { ...temporal, address, namespace } };
}
