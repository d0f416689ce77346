import { loadClientConnectConfig } from '@temporalio/envconfig';

import type { Config } from '../config.ts';
import type { WorkerOptions } from '../worker/start-worker.ts';
import { OperatorError } from './operator-error.ts';

/**
 * Where Temporal is, from the environment: address and namespace by our configuration, TLS and API key by Temporal's own
 * names (TEMPORAL_TLS_*, TEMPORAL_API_KEY), as every Temporal tool reads them.
 */
export function temporalFromEnvironment(config: Config): WorkerOptions['temporal'] {
  try {
    const { connectionOptions } = loadClientConnectConfig();
    const { tls, apiKey } = connectionOptions;
    return {
      address: config.TEMPORAL_ADDRESS ?? '127.0.0.1:7233',
      namespace: config.TEMPORAL_NAMESPACE,
      connection: {
        ...(tls === undefined || tls === null ? {} : { tls }),
        ...(typeof apiKey === 'string' ? { apiKey } : {}),
      },
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OperatorError(`Temporal's settings in the environment cannot be used: ${reason}`);
  }
}
