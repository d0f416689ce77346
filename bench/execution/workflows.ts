import { proxyActivities } from '@temporalio/workflow';

import type { HandCoded } from './hand-coded-activity.ts';

export { journeyRun } from '../../workflows/journey-run.ts';

const { sendStep } = proxyActivities<HandCoded>({ startToCloseTimeout: '1 minute' });

/** What somebody would write for this one journey: its mails one after the other, without a planner. */
export async function handCoded(
  execution: { organizationId: string; executionId: string },
  steps: number,
): Promise<void> {
  for (let step = 0; step < steps; step += 1)
    await sendStep({ ...execution, key: `step_${step}`, last: step + 1 === steps });
}
