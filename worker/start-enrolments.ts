import { Context } from '@temporalio/activity';

import { toInstant, type Clock } from '../activities/clock.ts';
import { whileBeating } from '../activities/while-beating.ts';
import type { Database } from '../db/database.ts';
import { completeBatch, listBatches, nextOfBatch, recordBegun } from '../db/enrolment-batches.ts';
import { executionHeads } from '../db/enrolments.ts';
import { withTenant, type Trx } from '../db/tenant.ts';
import type { BatchRef } from '../workflows/enrol-batch.ts';
import { eachOf } from './each-of.ts';
import { LAST, type JourneyWorkflows } from './journey-workflows.ts';

export interface EnrolmentDependencies {
  readonly workerDatabase: Database;
  readonly workflows: JourneyWorkflows;
  readonly clock: Clock;
  /** Starts a second: couples who write meanwhile are not behind thousands. */
  readonly perSecond: number;
}

/** One page is started, written down and told to the server before the next. */
const PAGE = 100;
/** A call takes seconds, so that a worker which is told to stop need not wait for it. */
const PAGES_PER_CALL = 10;
/** Starts under way at once: the frontend of Temporal also serves everybody else. */
const CONCURRENCY = 10;

/**
 * Starts the workflows of a batch, page by page, at a measured pace. How far it came is in the row of the batch: after
 * a crash the next attempt goes on there, and a workflow that was started already is fine.
 */
export function createStartEnrolments({ workerDatabase, workflows, clock, perSecond }: EnrolmentDependencies) {
  return async ({ organizationId, batchId }: BatchRef): Promise<{ done: boolean; started: number; total: number }> => {
    const context = Context.current();
    const tenant = { organizationId, actor: 'worker', requestId: `enrol/${organizationId}/${batchId}` };
    const inTenant = <T>(work: (trx: Trx) => Promise<T>): Promise<T> => withTenant(workerDatabase, tenant, work);
    const begunAt = performance.now();
    let told = await progress();
    const begin = async (): Promise<{ done: boolean; started: number; total: number }> => {
      for (let page = 0; page < PAGES_PER_CALL; page += 1) {
        const ids = await inTenant((trx) => nextOfBatch(trx, batchId, PAGE));
        if (ids.length === 0) {
          const at = toInstant(await clock());
          await inTenant((trx) => completeBatch(trx, batchId, at));
          return { done: true, ...(await progress()) };
        }
        const heads = await inTenant((trx) => executionHeads(trx, ids));
        await eachOf(heads, CONCURRENCY, (head) => workflows.start(head, LAST));
        await inTenant((trx) => recordBegun(trx, batchId, ids));
        told = await progress();
        context.heartbeat(told);
        const restMs = ((page + 1) * PAGE * 1_000) / perSecond - (performance.now() - begunAt);
        // Woken by a shutdown too: what is left is done by the next attempt.
        if (restMs > 0) await context.sleep(restMs);
      }
      return { done: false, ...(await progress()) };
    };
    // A page may take long on a busy server: that this process lives is told in between too.
    return whileBeating(begin, () => told);

    async function progress(): Promise<{ started: number; total: number }> {
      const [batch] = await inTenant((trx) => listBatches(trx, batchId));
      return { started: batch?.started ?? 0, total: batch?.total ?? 0 };
    }
  };
}
