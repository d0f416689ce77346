import { continueAsNew, proxyActivities, setCurrentDetails, workflowInfo } from '@temporalio/workflow';

/** Names one batch of couples that were put on a journey. */
export interface BatchRef {
  readonly organizationId: string;
  readonly batchId: string;
}

interface Enrolling {
  /** Starts the next workflows of the batch, a few thousand at most; it goes on where an earlier attempt ended. */
  startEnrolments(batch: BatchRef): Promise<{ done: boolean; started: number; total: number }>;
}

const { startEnrolments } = proxyActivities<Enrolling>({
  startToCloseTimeout: '15 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

/** Starts the executions of a batch, one page after the other, behind everything else that is due. */
export async function enrolBatch(batch: BatchRef): Promise<number> {
  for (;;) {
    const { done, started, total } = await startEnrolments(batch);
    setCurrentDetails(`${started} of ${total} couples have begun.`);
    if (done) return started;
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof enrolBatch>(batch);
  }
}
