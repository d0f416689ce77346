import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client, type ScheduleOptions } from '@temporalio/client';

import type { maintainAll } from '../workflows/maintain-all.ts';
import type { reconcileAll } from '../workflows/reconcile-all.ts';
import type { tellDueAll } from '../workflows/tell-due-all.ts';

/** Makes the schedules that the platform lives by, where they are missing. Several workers may do this at once. */
export async function ensureSchedules(client: Client, taskQueue: string): Promise<void> {
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1 minute' } as const;
  await ensure(client, {
    scheduleId: 'wedsync-reconcile',
    spec: { intervals: [{ every: '5 minutes' }] },
    policies,
    action: {
      type: 'startWorkflow',
      workflowType: 'reconcileAll' satisfies typeof reconcileAll.name,
      workflowId: 'reconcile',
      taskQueue,
    },
  });
  await ensure(client, {
    scheduleId: 'wedsync-tell-due',
    // Every midnight there is falls on a whole minute; what is written on its very day is told within one.
    spec: { intervals: [{ every: '1 minute' }] },
    policies,
    state: { triggerImmediately: true },
    action: {
      type: 'startWorkflow',
      workflowType: 'tellDueAll' satisfies typeof tellDueAll.name,
      workflowId: 'tell-due',
      taskQueue,
    },
  });
  await ensure(client, {
    scheduleId: 'wedsync-maintain',
    // When the fewest are awake, wherever the suppliers are; a night that was missed is made up for.
    spec: { calendars: [{ hour: 3, minute: 30 }] },
    policies: { ...policies, catchupWindow: '1 day' },
    action: {
      type: 'startWorkflow',
      workflowType: 'maintainAll' satisfies typeof maintainAll.name,
      workflowId: 'maintain',
      taskQueue,
    },
  });
}

async function ensure(client: Client, schedule: ScheduleOptions): Promise<void> {
  try {
    await client.schedule.create(schedule);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
