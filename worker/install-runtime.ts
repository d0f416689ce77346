import { DefaultLogger, makeTelemetryFilterString, Runtime, type LogMetadata } from '@temporalio/worker';
import type { Logger } from 'pino';

import { maskContacts } from '../channels/redact.ts';
import { DUE_TO_SENT_BUCKETS } from './metrics.ts';
import { organizationOf } from './organization-of.ts';

export interface RuntimeOptions {
  readonly log: Logger;
  /** Address for Prometheus, such as `0.0.0.0:9464`; absent: no metrics are offered. */
  readonly metricsAddress?: string | undefined;
}

/** The workers of channels have no workflows, on purpose; Temporal warns of each at every start. */
const EXPECTED = 'No workflows registered, not polling for workflow tasks';

/**
 * Sets up Temporal's native part, once per process and before anything else of Temporal's is used: its log lines go
 * through ours, its metrics and ours are offered together, and it leaves signals alone, because we stop things in our
 * own order.
 */
export function installRuntime({ log, metricsAddress }: RuntimeOptions): void {
  const debug = log.isLevelEnabled('debug');
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger(debug ? 'DEBUG' : 'WARN', ({ level, message, meta }) => {
      const fields = fieldsOf(meta);
      const text = maskContacts(message);
      if (level === 'ERROR') log.error(fields, text);
      else if (level === 'WARN' && message !== EXPECTED) log.warn(fields, text);
      else log.debug(fields, text);
    }),
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: debug ? 'INFO' : 'WARN', other: 'ERROR' }), forward: {} },
      ...(metricsAddress === undefined
        ? {}
        : {
            metrics: {
              prometheus: {
                bindAddress: metricsAddress,
                countersTotalSuffix: true,
                unitSuffix: true,
                useSecondsForDurations: true,
                histogramBucketOverrides: { wedsync_due_to_sent: DUE_TO_SENT_BUCKETS },
              },
            },
          }),
    },
  });
}

/**
 * What a line about a workflow says besides: the organization, and as `requestId` the same word that the audit and the
 * trail of the database have for what this execution writes.
 */
function fieldsOf({ error, ...meta }: LogMetadata = {}): Record<string, unknown> {
  const { workflowId } = meta;
  const organizationId = organizationOf(workflowId);
  return {
    ...meta,
    ...(organizationId === undefined ? {} : { organizationId, requestId: workflowId }),
    ...(error === undefined ? {} : { err: error }),
  };
}
