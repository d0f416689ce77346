import type { Client } from '@temporalio/client';

import { toInstant, type Clock } from '../activities/clock.ts';
import type { Database } from '../db/database.ts';
import { stuckBatches } from '../db/enrolment-batches.ts';
import { executionHeads } from '../db/enrolments.ts';
import { callUnknown, openExecutions, organizationIds, stuckEvents, stuckSends } from '../db/reconcile.ts';
import { withRelay } from '../db/relay.ts';
import { askAsTenant, withTenant } from '../db/tenant.ts';
import { workflowIdOf, type JourneyWorkflows } from './journey-workflows.ts';

/** Something that is not as it should be, and what was done about it. */
export interface Finding {
  readonly kind:
    | 'execution_without_workflow'
    | 'workflow_without_execution'
    | 'overdue'
    | 'stuck_batch'
    | 'stuck_sending'
    | 'stuck_event'
    | 'parked_event';
  /** Ids and words of ours only. */
  readonly subject: string;
  readonly repaired: boolean;
  readonly detail: string;
}

export interface ReconcileOptions {
  readonly relayDatabase: Database;
  readonly workerDatabase: Database;
  readonly workflows: JourneyWorkflows;
  readonly client: Client;
  readonly clock: Clock;
  /** False: only look. */
  readonly repair: boolean;
}

const MINUTE_MS = 60_000;
/** So long the ordinary way may take. */
const LATE_MS = 10 * MINUTE_MS;

/**
 * Compares what our rows say with what Temporal does, and mends the difference: after a restored database or a lost
 * start the two find together again. Everything here may run twice, and beside the ordinary work.
 */
export async function reconcile(options: ReconcileOptions): Promise<Finding[]> {
  const { relayDatabase, clock } = options;
  const before = toInstant(new Date((await clock()).getTime() - LATE_MS));
  const findings = await lookAtOutbox(relayDatabase, before);
  for (const organizationId of await withRelay(relayDatabase, organizationIds)) {
    findings.push(...(await reconcileOrganization(options, organizationId, before)));
  }
  return findings;
}

/** What was put aside waits for a person (`wedsync outbox`): it failed for a reason that time does not mend. */
async function lookAtOutbox(relayDatabase: Database, before: string): Promise<Finding[]> {
  const stuck = await withRelay(relayDatabase, (trx) => stuckEvents(trx, before));
  return stuck.map((event) => ({
    kind: event.parked ? 'parked_event' : 'stuck_event',
    subject: `outbox/${event.id}`,
    repaired: false,
    detail: `${event.event} after ${event.attempts} attempts: ${event.lastError ?? 'never tried'}`,
  }));
}

async function reconcileOrganization(
  { workerDatabase, workflows, client, repair }: ReconcileOptions,
  organizationId: string,
  before: string,
): Promise<Finding[]> {
  const tenant = { organizationId, actor: 'system', requestId: 'reconcile' };
  // Rows first: an execution that begins in between has a workflow later, and is no finding.
  const open = await askAsTenant(workerDatabase, tenant, (trx) => openExecutions(trx, before));
  const running = await runningWorkflows(client, organizationId);
  const findings: Finding[] = [];
  const find = (kind: Finding['kind'], subject: string, repaired: boolean, detail: string): void =>
    void findings.push({ kind, subject, repaired, detail });

  const missing = open.filter(({ id }) => !running.has(workflowIdOf(organizationId, id))).map(({ id }) => id);
  const lost = await askAsTenant(workerDatabase, tenant, (trx) => executionHeads(trx, missing));
  for (const head of lost) {
    // Visibility lags behind: only who really has no workflow is a finding.
    if (await isRunning(client, workflowIdOf(organizationId, head.executionId))) continue;
    if (repair) await workflows.start(head);
    find('execution_without_workflow', head.executionId, repair, `"${head.journeyName}" v${head.version}`);
  }
  for (const { id } of open.filter((one) => one.overdue && !missing.includes(one.id))) {
    if (repair) await workflows.wake(organizationId, id, 'reconcile');
    find('overdue', id, repair, 'its next action is more than ten minutes late');
  }
  const known = new Set(open.map(({ id }) => workflowIdOf(organizationId, id)));
  // Those that began within the last minutes are among them: thousands, after many were put on a journey.
  const others = [...running.difference(known)].map((workflowId) => workflowId.split('/').at(-1) ?? '');
  const rows = await askAsTenant(workerDatabase, tenant, (trx) => executionHeads(trx, others));
  const alive = new Set(rows.map((row) => row.executionId));
  for (const executionId of others.filter((id) => !alive.has(id))) {
    const workflowId = workflowIdOf(organizationId, executionId);
    // It looks at its row, finds that it has ended or is gone, and ends.
    if (repair) await workflows.wake(organizationId, executionId, 'reconcile');
    find('workflow_without_execution', workflowId, repair, 'its execution has ended or was erased');
  }
  for (const batchId of await withTenant(workerDatabase, tenant, (trx) => stuckBatches(trx, before))) {
    if (repair) await workflows.startBatch(organizationId, batchId);
    find('stuck_batch', batchId, repair, 'nobody has started its executions for more than ten minutes');
  }
  const stuck = await withTenant(workerDatabase, tenant, async (trx) => {
    const found = await stuckSends(trx, before);
    if (repair && found.length > 0)
      await callUnknown(
        trx,
        found.map(({ id }) => id),
      );
    return found;
  });
  for (const { id, executionId } of stuck) {
    if (repair && executionId !== null) await workflows.wake(organizationId, executionId, 'reconcile');
    find('stuck_sending', id, repair, 'claimed by a process that died: the outcome is unknown');
  }
  return findings;
}

async function runningWorkflows(client: Client, organizationId: string): Promise<Set<string>> {
  const query = `WorkflowType = 'journeyRun' AND ExecutionStatus = 'Running' AND OrganizationId = '${organizationId}'`;
  const ids = new Set<string>();
  for await (const { workflowId } of client.workflow.list({ query, pageSize: 1_000 })) ids.add(workflowId);
  return ids;
}

async function isRunning(client: Client, workflowId: string): Promise<boolean> {
  return client.workflow
    .getHandle(workflowId)
    .describe()
    .then(
      ({ status }) => status.name === 'RUNNING',
      () => false,
    );
}
