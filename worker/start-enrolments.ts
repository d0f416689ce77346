import { Context } from '@temporalio/activity';

import { toInstant, type Clock } from '../activities/clock.ts';
import { whileBeating } from '../activities/while-beating.ts';
import type { Database } from '../db/database.ts';
import { completeBatch, listBatches, nextOfBatch, recordBegun } from '../db/enrolment-batches.ts';
import { executionHeads, type ExecutionHead } from '../db/enrolments.ts';
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

/** So many are started before the next is written down and told to the server. */
const PAGE = 100;
/** A call takes seconds, so that a worker which is told to stop need not wait for it. */
const PAGES_PER_CALL = 10;
/**
 * Starts under way at once. The frontend of Temporal also serves everybody else; but with fewer than the workflow tasks
 * that the couples before them cause, a batch waits for its own plans.
 */
const CONCURRENCY = 25;

/** Batches of up to so many couples are started within seconds: they need not be kept apart from their plans. */
const LARGE = 1_000;
const LONGEST_HOLD_MS = 120_000;

interface Progress {
  readonly started: number;
  readonly total: number;
}

/**
 * Starts the workflows of a batch, page by page, at a measured pace. How far it came is in the row of the batch: after
 * a crash the next attempt goes on there, and a workflow that was started already is fine.
 */
export function createStartEnrolments({ workerDatabase, workflows, clock, perSecond }: EnrolmentDependencies) {
  return async ({ organizationId, batchId }: BatchRef): Promise<Progress & { done: boolean }> => {
    const context = Context.current();
    const tenant = { organizationId, actor: 'worker', requestId: `enrol/${organizationId}/${batchId}` };
    const inTenant = <T>(work: (trx: Trx) => Promise<T>): Promise<T> => withTenant(workerDatabase, tenant, work);
    let orderedMs: number | null = null;
    const progress = async (trx: Trx): Promise<Progress> => {
      const [batch] = await listBatches(trx, batchId);
      orderedMs = batch?.createdAt.getTime() ?? null;
      return { started: batch?.started ?? 0, total: batch?.total ?? 0 };
    };
    const pageAfter = (last: string | null): Promise<Page> =>
      inTenant(async (trx) => {
        const ids = await nextOfBatch(trx, batchId, PAGE, last);
        return { ids, heads: ids.length === 0 ? [] : await executionHeads(trx, ids) };
      });
    const record = async (ids: readonly string[]): Promise<void> => {
      told = await inTenant(async (trx) => {
        await recordBegun(trx, batchId, ids);
        return progress(trx);
      });
      context.heartbeat(told);
    };
    const begunAt = performance.now();
    let told = await inTenant(progress);
    /** As it was possible so far. */
    const rate = async (): Promise<number> => {
      const elapsedMs = Math.max((await clock()).getTime() - (orderedMs ?? 0), 1);
      return told.started === 0 ? perSecond : Math.min(perSecond, (told.started * 1_000) / elapsedMs);
    };
    const begin = async (): Promise<Progress & { done: boolean }> => {
      let page = await pageAfter(null);
      for (let pages = 1; pages <= PAGES_PER_CALL && page.ids.length > 0; pages += 1) {
        const { ids, heads } = page;
        // Read while this one is started. Its error waits until no start is under way any more.
        const next = pageAfter(ids.at(-1) ?? null);
        next.catch(() => undefined);
        const afterMs = holdMs(told.total, await rate());
        await eachOf(heads, CONCURRENCY, (head) => workflows.start(head, { priorityKey: LAST, afterMs }));
        await record(ids);
        page = await next;
        const restMs = (pages * PAGE * 1_000) / perSecond - (performance.now() - begunAt);
        // Woken by a shutdown too: what is left is done by the next attempt.
        if (restMs > 0) await context.sleep(restMs);
      }
      if (page.ids.length > 0) return { done: false, ...told };
      const at = toInstant(await clock());
      await inTenant((trx) => completeBatch(trx, batchId, at));
      return { done: true, ...told };
    };
    // A page may take long on a busy server: that this process lives is told in between too.
    return whileBeating(begin, () => told);
  };
}

/**
 * How long the couples of a batch wait for their first plan: as long as it takes to start all of them. So the plans
 * follow at the pace of the starts, and do not take the machine and the server from them.
 *
 * @param perSecond starts
 * @returns milliseconds from the start of each on
 */
export function holdMs(couples: number, perSecond: number): number {
  return couples <= LARGE ? 0 : Math.min(Math.round((couples * 1_000) / perSecond), LONGEST_HOLD_MS);
}

/** What is started next. */
interface Page {
  readonly ids: readonly string[];
  /** Those of them that have not ended meanwhile. */
  readonly heads: readonly ExecutionHead[];
}
