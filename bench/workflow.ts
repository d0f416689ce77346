import { randomUUID } from 'node:crypto';

import { Worker } from '@temporalio/worker';

import { schedule } from '../tests/support/scheduled-plan.ts';
import { bundleWorkflows, startVirtualTime, testDataConverter } from '../tests/support/temporal.ts';
import { journeyRun } from '../workflows/journey-run.ts';
import { cpuMs, medianOf, type Measurement } from './measure.ts';

const DAY_MS = 24 * 3_600_000;
const STEPS = 12;

/** The workflow alone, in virtual time: a journey of two years with twelve steps, its history kept in memory. */
export async function workflowBench(): Promise<Measurement[]> {
  const [env, workflowBundle] = await Promise.all([startVirtualTime(), bundleWorkflows()]);
  const now = (): Promise<number> => env.currentTimeMs();
  const twoYears = async (): Promise<number> => {
    const start = await now();
    const times = Array.from({ length: STEPS }, (_, index) => start + (index + 1) * 61 * DAY_MS);
    const taskQueue = randomUUID();
    const worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue,
      workflowBundle,
      activities: schedule(times, now).activities,
      dataConverter: testDataConverter,
    });
    const args: [{ organizationId: string; executionId: string }] = [
      { organizationId: randomUUID(), executionId: randomUUID() },
    ];
    return worker.runUntil(
      cpuMs(() => env.client.workflow.execute(journeyRun, { taskQueue, workflowId: randomUUID(), args })),
    );
  };
  try {
    const name = `a journey of two years with ${STEPS} steps, time of the processor`;
    return [{ name, ...(await medianOf(5, twoYears)), unit: 'ms', bound: { atMost: 1_000 } }];
  } finally {
    await env.teardown();
  }
}
