import { proxyActivities } from '@temporalio/workflow';

interface Reconciling {
  /** Mends what it finds; answers with how many findings there were. */
  reconcile(): Promise<number>;
}

const { reconcile } = proxyActivities<Reconciling>({
  startToCloseTimeout: '4 minutes',
  retry: { maximumAttempts: 1 },
});

/** Runs by a schedule every five minutes; the next run makes up for one that failed. */
export async function reconcileAll(): Promise<number> {
  return reconcile();
}
