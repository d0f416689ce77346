// A worker that says all it can: every log line, and metrics. Started as a process of its own, because Temporal's
// native part is set up once a process.
import { pino } from 'pino';

import { installRuntime } from '../../worker/install-runtime.ts';
import { startWorker, type WorkerOptions } from '../../worker/start-worker.ts';

const { metricsAddress, ...options } = JSON.parse(process.argv[2] ?? '{}') as WorkerOptions & {
  metricsAddress: string;
};
const log = pino({ level: 'trace' });
installRuntime({ log, metricsAddress });
const worker = await startWorker({ ...options, log });
log.info('carrying out journeys');
process.once('SIGTERM', () => void worker.stop());
