// A relay as a process of its own, without the rest of a worker.
import { Client, Connection } from '@temporalio/client';
import { pino } from 'pino';

import { openDatabase } from '../../../db/database.ts';
import { createDataConverter } from '../../../worker/data-converter.ts';
import { createDatabaseClock } from '../../../worker/database-clock.ts';
import { createJourneyWorkflows } from '../../../worker/journey-workflows.ts';
import { parseKeyRing } from '../../../worker/key-ring.ts';
import { startRelay } from '../../../worker/relay.ts';
import type { WorkerOptions } from '../../../worker/start-worker.ts';

const { databaseUrls, temporal, encryptionKeys } = JSON.parse(process.env['WORKER_OPTIONS'] ?? '{}') as WorkerOptions;
const relayDatabase = openDatabase({ url: databaseUrls.relay, poolSize: 2 });
const workerDatabase = openDatabase({ url: databaseUrls.worker, poolSize: 2 });
const client = new Client({
  connection: await Connection.connect({ address: temporal.address }),
  namespace: temporal.namespace,
  dataConverter: createDataConverter(parseKeyRing(encryptionKeys)),
});
// Until its order comes, nothing else keeps this process from ending.
process.channel?.ref();
const go = new Promise<void>((resolve) => process.once('message', () => resolve()));
process.send?.({ started: true });
await go;
startRelay({
  relayDatabase,
  workerDatabase,
  workflows: createJourneyWorkflows(client),
  log: pino({ level: 'silent' }),
  clock: createDatabaseClock(relayDatabase),
  idleMs: 20,
  leaseMs: 1_000,
});
