import { noopMetricMeter, type MetricMeter } from '@temporalio/common';
import type { Logger } from 'pino';

import type { Sender } from '../activities/deliver-message.ts';
import type { Database } from '../db/database.ts';
import { withRelay } from '../db/relay.ts';
import { workGauges, type WorkGauge } from '../db/work-gauges.ts';
import { poll, type Poll } from './poll.ts';

/** What a worker counts of its own work. No label names an organization or a couple: there are thousands of them. */
export interface WorkMetrics {
  readonly sent: (channel: string, lateMs: number) => void;
  /** The same sender, with its provider's answers counted. */
  readonly counted: (channel: string, sender: Sender) => Sender;
  /** Looks at what waits and what is late, again and again. */
  readonly watch: (watched: Watched) => Poll;
}

export interface Watched {
  readonly relayDatabase: Database;
  readonly workerDatabase: Database;
  readonly log: Logger;
  readonly everyMs?: number | undefined;
}

/** Upper bounds in seconds of the buckets of `wedsync_due_to_sent_seconds`. */
export const DUE_TO_SENT_BUCKETS = [0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600, 86_400];

const GAUGES: Readonly<Record<WorkGauge['name'], string>> = {
  overdue_steps: 'Executions whose next step should have been a minute ago or earlier.',
  outbox_age: 'Seconds that the oldest event has waited for its journeys.',
  outbox_waiting: 'Events that wait for their journeys.',
  outbox_parked: 'Events that were given up: a person has to look.',
  unknown_sends: 'Messages of which nobody knows whether they arrived.',
  stuck_sends: 'Messages that have been "sending" for more than five minutes.',
};

/**
 * Our metrics beside Temporal's, at the same address. Where none is offered, they cost nothing.
 *
 * @param meter of Temporal's runtime
 */
export function createWorkMetrics(meter: MetricMeter): WorkMetrics {
  const dueToSent = meter.createHistogram(
    'wedsync_due_to_sent',
    'float',
    'seconds',
    'From the moment a message was to go until a provider had taken it.',
  );
  const answers = meter.createCounter('wedsync_provider_answers', '', 'What providers answered to messages.');
  const errors = meter.createCounter(
    'wedsync_provider_errors',
    '',
    'Messages that a provider refused, did not take, or did not answer for.',
  );
  const pool = meter.createGauge('wedsync_pool_waiting', 'int', '', 'Transactions that wait for a connection.');
  const gauges = new Map(
    Object.entries(GAUGES).map(([name, text]) => [
      name,
      // Gauges get no suffix for their unit.
      meter.createGauge(name === 'outbox_age' ? 'wedsync_outbox_age_seconds' : `wedsync_${name}`, 'float', '', text),
    ]),
  );
  const look = async ({ relayDatabase, workerDatabase }: Watched): Promise<void> => {
    pool.set(workerDatabase.usage().waiting, { pool: 'worker' });
    pool.set(relayDatabase.usage().waiting, { pool: 'relay' });
    for (const { name, value } of await withRelay(relayDatabase, workGauges)) gauges.get(name)?.set(value);
  };
  return {
    sent: (channel, lateMs) => dueToSent.record(lateMs / 1_000, { channel }),
    counted: (channel, sender) => ({
      provider: sender.provider,
      ...(sender.find === undefined ? {} : { find: sender.find.bind(sender) }),
      async send(message, options) {
        const result = await sender.send(message, options);
        const tags = { channel, provider: sender.provider, outcome: result.outcome };
        answers.add(1, tags);
        if (result.outcome !== 'accepted') errors.add(1, tags);
        return result;
      },
    }),
    watch(watched) {
      // Nobody can read them: then the database is not asked for them either.
      if (meter === noopMetricMeter) return { stop: async () => {} };
      const { log, everyMs = 15_000 } = watched;
      const onError = (error: unknown): void =>
        log.warn({ err: error }, 'the gauges of the metrics could not be read; they are read again');
      const read = async (): Promise<number> => {
        await look(watched);
        // There is nothing to go on with at once.
        return 0;
      };
      return poll(read, { idleMs: everyMs, afterErrorMs: everyMs, onError });
    },
  };
}
