import type { Logger } from 'pino';

import type { Clock } from '../activities/clock.ts';
import type { Database } from '../db/database.ts';
import { executionHeads } from '../db/enrolments.ts';
import { giveBack, leaseOutbox, markFailed, markProcessed, postpone, type OutboxEvent } from '../db/outbox.ts';
import { withRelay } from '../db/relay.ts';
import { withTenant } from '../db/tenant.ts';
import { reactToEvent } from '../services/react-to-event.ts';
import { eachOf } from './each-of.ts';
import { isOutage } from './is-outage.ts';
import type { JourneyWorkflows } from './journey-workflows.ts';
import { poll, type Poll } from './poll.ts';
import { traceEvent } from './trace-work.ts';
import type { Tracing } from './tracing.ts';

export interface RelayOptions {
  /** Opened as app_relay: sees the outbox of all organizations, and nothing else. */
  readonly relayDatabase: Database;
  /** Opened as app_worker: sees one organization at a time. */
  readonly workerDatabase: Database;
  readonly workflows: JourneyWorkflows;
  readonly log: Logger;
  readonly batchSize?: number;
  /** How long an idle relay waits before it looks again, in milliseconds. */
  readonly idleMs?: number;
  /** How long events stay leased, in milliseconds: so late does another relay take over from one that died. */
  readonly leaseMs?: number;
  /** Tells when new executions begin. */
  readonly clock: Clock;
  /** Spans of the events; absent: none. */
  readonly tracing?: Tracing | null | undefined;
}

/** Stopping finishes the event it is at and gives the rest back. */
export interface Relay extends Poll {
  /** When it last looked at the outbox without an error, for the health of the process. */
  readonly lastLookAt: () => Date | null;
}

const AFTER_ERROR_MS = 2_000;
/** So many couples' events are looked at at once: a burst is over sooner, and the steps' own work keeps its connections. */
const COUPLES_AT_ONCE = 4;
/** Signals and starts of one event under way at once. */
const CONCURRENCY = 20;

/**
 * Brings what happened (rows of the outbox) to the journeys: makes executions, starts their workflows, wakes running
 * ones. Several relays may run. One may die at any point: its lease ends, and another does the same again, which
 * changes nothing where it was done already.
 */
export function startRelay(options: RelayOptions): Relay {
  const { log, idleMs = 200 } = options;
  let lastLookAt: Date | null = null;
  const look = async (signal: AbortSignal): Promise<number> => {
    const handled = await relayOnce(options, signal);
    lastLookAt = new Date();
    return handled;
  };
  const onError = (error: unknown): void =>
    log.error({ err: error }, 'the relay could not bring events to their journeys; it tries again');
  return { ...poll(look, { idleMs, afterErrorMs: AFTER_ERROR_MS, onError }), lastLookAt: () => lastLookAt };
}

/**
 * Takes one batch from the outbox and brings it to the journeys.
 *
 * @returns how many events were leased
 * @throws where Temporal or the database is away: nothing is wrong with the events, and none of them counts an attempt
 */
export async function relayOnce(options: RelayOptions, signal?: AbortSignal): Promise<number> {
  const { relayDatabase, batchSize = 100, leaseMs = 30_000 } = options;
  const events = await withRelay(relayDatabase, (trx) => leaseOutbox(trx, batchSize, leaseMs));
  if (events.length === 0) return 0;
  const begun = performance.now();
  const batch: Batch = {
    fresh: new Set(),
    processed: [],
    left: [],
    outages: [],
    // Half of the lease is left: what is not done by then is done by whoever leases it next.
    isOver: () => signal?.aborted === true || batch.outages.length > 0 || performance.now() - begun > leaseMs / 2,
  };
  const couples = [...Map.groupBy(events, (event) => event.clientId ?? event.organizationId).values()];
  const carry = async (): Promise<void> => {
    for (let couple = couples.shift(); couple !== undefined; couple = couples.shift()) {
      await relayCouple(options, couple, batch);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: COUPLES_AT_ONCE }, carry));
  await withRelay(relayDatabase, async (trx) => {
    if (batch.processed.length > 0) await markProcessed(trx, batch.processed);
    if (batch.left.length > 0) await giveBack(trx, batch.left);
  });
  const broken = ends.find((end) => end.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
  if (batch.outages.length > 0) throw batch.outages[0];
  return events.length;
}

/** What became of the events that were leased together. */
interface Batch {
  /** Executions started within it: they read all that it tells when they begin. */
  readonly fresh: Set<string>;
  readonly processed: string[];
  /** Not looked at: they go back. */
  readonly left: string[];
  readonly outages: unknown[];
  readonly isOver: () => boolean;
}

/** Brings the events of one couple to its journeys, in their order; what stands behind one that failed waits. */
async function relayCouple(options: RelayOptions, couple: readonly OutboxEvent[], batch: Batch): Promise<void> {
  const { relayDatabase, log } = options;
  for (const [index, event] of couple.entries()) {
    if (batch.isOver()) {
      batch.left.push(...couple.slice(index).map(({ id }) => id));
      return;
    }
    try {
      await traceEvent(options.tracing, event, () => relayEvent(options, event, batch.fresh));
      batch.processed.push(event.id);
    } catch (error) {
      batch.left.push(...couple.slice(index + 1).map(({ id }) => id));
      const reason = describe(error);
      if (isOutage(error)) {
        batch.outages.push(error);
        await withRelay(relayDatabase, (trx) => postpone(trx, event.id, reason));
        return;
      }
      log.warn({ err: error, outboxId: event.id, event: event.event }, 'an event did not reach its journeys yet');
      await withRelay(relayDatabase, (trx) => markFailed(trx, event.id, reason));
      return;
    }
  }
}

/** Temporal's client says "failed to start" and keeps the why in the cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}

async function relayEvent(
  { workerDatabase, workflows, clock }: RelayOptions,
  event: OutboxEvent,
  fresh: Set<string>,
): Promise<void> {
  const { organizationId } = event;
  if (event.event === 'enrolment.requested') return workflows.startBatch(organizationId, event.ref ?? '');
  const now = await clock();
  const tenant = { organizationId, actor: 'system', requestId: `outbox/${event.id}` };
  const { start, wake } = await withTenant(workerDatabase, tenant, (trx) => reactToEvent(trx, event, now));
  await startAll(start);
  for (const id of start) fresh.add(id);

  const asleep: string[] = [];
  await eachOf(
    wake.filter((id) => !fresh.has(id)),
    CONCURRENCY,
    async (executionId) => {
      if (!(await workflows.wake(organizationId, executionId, event.id))) asleep.push(executionId);
    },
  );
  // Running by our rows, but not in Temporal: a start that was lost, or one of a batch whose turn is still to come. It
  // reads its facts when it begins.
  await startAll(asleep);

  async function startAll(executionIds: readonly string[]): Promise<void> {
    if (executionIds.length === 0) return;
    const found = await withTenant(workerDatabase, tenant, (trx) => executionHeads(trx, executionIds));
    const heads = found.filter(({ waitsForBatch }) => !waitsForBatch);
    await eachOf(heads, CONCURRENCY, (head) => workflows.start(head));
  }
}
