import { proxyActivities } from '@temporalio/workflow';

interface TellingDue {
  /** Tells of what has fallen due and become overdue by now, in each organization's zone; each once. */
  tellDue(): Promise<number>;
}

const { tellDue } = proxyActivities<TellingDue>({
  startToCloseTimeout: '1 minute',
  retry: { initialInterval: '5 seconds', maximumAttempts: 10 },
});

/** Runs by a schedule every minute; answers with how much there was to tell. */
export async function tellDueAll(): Promise<number> {
  return tellDue();
}
