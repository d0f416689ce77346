import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';

import { eachOf } from '../../worker/each-of.ts';
import { until } from '../platform.ts';

/** What a bare workflow does. */
export interface Bare {
  look(): Promise<void>;
}

const WARM_UP = 30;
const STARTED_AT_ONCE = 10;

/**
 * How many workflows a second this machine and its Temporal server begin when there is next to nothing to do for them:
 * no database, no plan, no encryption. Against it our own figure says what is ours; alone it says how fast the machine
 * is in this minute.
 *
 * @param workflows how many are begun; they stay asleep
 * @returns a second: started, and begun (started and come to rest)
 */
export async function measureBare(
  address: string,
  workflows: number,
): Promise<{ readonly started: number; readonly begun: number }> {
  let looked = 0;
  const [connection, nativeConnection] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
  ]);
  const client = new Client({ connection });
  const activities: Bare = {
    async look() {
      looked += 1;
    },
  };
  const taskQueue = `bare-${randomUUID()}`;
  const worker = await Worker.create({
    connection: nativeConnection,
    taskQueue,
    workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)),
    activities,
    maxConcurrentWorkflowTaskExecutions: 40,
    maxCachedWorkflows: 500,
    maxConcurrentLocalActivityExecutions: 10,
  });
  const begin = async (count: number): Promise<{ started: number; begun: number }> => {
    const [before, from] = [looked, performance.now()];
    await eachOf(Array.from({ length: count }), STARTED_AT_ONCE, async () => {
      await client.workflow.start('bare', { taskQueue, workflowId: randomUUID() });
    });
    const startedMs = performance.now() - from;
    await until('bare workflows have looked', async () => looked - before >= count, { everyMs: 5 });
    return { started: (count * 1_000) / startedMs, begun: (count * 1_000) / (performance.now() - from) };
  };
  try {
    return await worker.runUntil(async () => {
      await begin(WARM_UP);
      return begin(workflows);
    });
  } finally {
    await connection.close();
    await nativeConnection.close();
  }
}
