import { proxyActivities } from '@temporalio/workflow';

interface Maintaining {
  /** The daily upkeep of the database; doing it again does no harm. */
  maintain(): Promise<void>;
}

const { maintain } = proxyActivities<Maintaining>({
  startToCloseTimeout: '1 hour',
  retry: { initialInterval: '5 minutes', maximumAttempts: 5 },
});

/** Runs by a schedule every night. */
export async function maintainAll(): Promise<void> {
  await maintain();
}
