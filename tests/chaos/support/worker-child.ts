// A worker as a process of its own: what `wedsync worker` starts, with options that only tests have.
import { pino } from 'pino';

import { installRuntime } from '../../../worker/install-runtime.ts';
import { startWorker, type WorkerOptions } from '../../../worker/start-worker.ts';

const log = pino({ level: 'warn' });
installRuntime({ log });
const options = JSON.parse(process.env['WORKER_OPTIONS'] ?? '{}') as WorkerOptions;
const worker = await startWorker({ ...options, log });
process.send?.({ started: true });
await worker.done;
