import { randomUUID } from 'node:crypto';

import type { temporal } from '@temporalio/proto';
import { NativeConnection, Worker, type WorkflowBundle } from '@temporalio/worker';

import { startTemporalDevServer } from '../../cli/dev/temporal-server.ts';
import type { NextAction, StepRef } from '../../activities/next-action.ts';
import { journeyRun } from '../../workflows/journey-run.ts';
import { connectClient, testDataConverter } from './temporal.ts';

const STEPS = 12;
const WAIT_MS = 200;

/** What is left of an execution that went on as new. */
export interface ContinuedRun {
  /** In the order of the runs. */
  readonly histories: readonly temporal.api.history.v1.IHistory[];
  readonly sent: readonly string[];
}

/**
 * Lets an execution go on as new between its steps: on a real server that suggests it after 40 events instead of 4,096.
 */
export async function runContinued(workflowBundle: WorkflowBundle): Promise<ContinuedRun> {
  await using opened = new AsyncDisposableStack();
  const dynamicConfig = { 'limit.historyCount.suggestContinueAsNew': 40 };
  const server = await startTemporalDevServer({ uiPort: false, dynamicConfig });
  opened.defer(() => server.stop());
  const client = await connectClient(server.address);
  opened.defer(() => client.connection.close());
  const connection = await NativeConnection.connect({ address: server.address });
  opened.defer(() => connection.close());
  const sent: string[] = [];
  /** Each step is due a moment after the one before it, however slow this machine is. */
  const next = async (): Promise<NextAction> => {
    if (sent.length === STEPS) return { kind: 'finished', status: 'completed', visible: null };
    const key = `step${sent.length}`;
    const whenDue = { kind: 'run', activity: 'sendEmail', local: false, key, occurrence: 1, summary: key } as const;
    return { kind: 'wait', untilMs: Date.now() + WAIT_MS, summary: key, whenDue, visible: null };
  };
  const activities = {
    planStep: next,
    sendEmail: ({ key }: StepRef): Promise<NextAction> => {
      sent.push(key);
      return next();
    },
  };
  const taskQueue = randomUUID();
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle,
    activities,
    dataConverter: testDataConverter,
  });
  const histories = await worker.runUntil(async () => {
    const workflowId = randomUUID();
    const first = await client.workflow.start(journeyRun, {
      taskQueue,
      workflowId,
      args: [{ organizationId: randomUUID(), executionId: randomUUID() }],
      staticSummary: 'kept',
    });
    await first.result();
    const runs: temporal.api.history.v1.IHistory[] = [];
    for (let runId: string | undefined = first.firstExecutionRunId; runId !== undefined;) {
      const history: temporal.api.history.v1.IHistory = await client.workflow
        .getHandle(workflowId, runId)
        .fetchHistory();
      runs.push(history);
      const end: { newExecutionRunId?: string | null } | null | undefined =
        history.events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes;
      runId = end?.newExecutionRunId ?? undefined;
    }
    return runs;
  });
  return { histories, sent };
}
