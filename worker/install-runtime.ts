import { DefaultLogger, makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Logger } from 'pino';

export interface RuntimeOptions {
  readonly log: Logger;
  /** Address for Prometheus, such as `0.0.0.0:9464`; absent: no metrics are offered. */
  readonly metricsAddress?: string | undefined;
}

/**
 * Sets up Temporal's native part, once per process and before anything else of Temporal's is used: its log lines go
 * through ours, and it leaves signals alone, because we stop things in our own order.
 */
export function installRuntime({ log, metricsAddress }: RuntimeOptions): void {
  const debug = log.isLevelEnabled('debug');
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger(debug ? 'INFO' : 'WARN', ({ level, message, meta }) => {
      const fields = { ...meta };
      if (level === 'ERROR') log.error(fields, message);
      else if (level === 'WARN') log.warn(fields, message);
      else log.debug(fields, message);
    }),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: debug ? 'INFO' : 'WARN', other: 'ERROR' }), forward: {} },
      ...(metricsAddress === undefined
        ? {}
        : { metrics: { prometheus: { bindAddress: metricsAddress, countersTotalSuffix: true, unitSuffix: true } } }),
    },
  });
}
