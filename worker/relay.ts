import type { Logger } from 'pino';

import type { Clock } from '../activities/clock.ts';
import type { NextAction } from '../activities/next-action.ts';
import type { PlanAhead } from '../activities/plan-ahead.ts';
import type { Database } from '../db/database.ts';
import { executionHeads, type ExecutionHead } from '../db/enrolments.ts';
import { giveBack, leaseOutbox, markFailed, markProcessed, postpone, type OutboxEvent } from '../db/outbox.ts';
import { withRelay } from '../db/relay.ts';
import { askAsTenant, withTenant, type TenantContext, type Trx } from '../db/tenant.ts';
import { reactToEvents } from '../services/react-to-events.ts';
import type { CrowdGate } from './crowd-gate.ts';
import { eachOf } from './each-of.ts';
import { isOutage } from './is-outage.ts';
import type { JourneyWorkflows } from './journey-workflows.ts';
import { poll, type Poll } from './poll.ts';
import { traceEvents } from './trace-work.ts';
import type { Tracing } from './tracing.ts';

export interface RelayOptions {
  /** Opened as app_relay: sees the outbox of all organizations, and nothing else. */
  readonly relayDatabase: Database;
  /** Opened as app_worker: sees one organization at a time. */
  readonly workerDatabase: Database;
  readonly workflows: JourneyWorkflows;
  readonly log: Logger;
  /** How many of the oldest events are looked at in one go; what else happened to their couples comes along. */
  readonly batchSize?: number;
  /** How long an idle relay waits before it looks again, in milliseconds. */
  readonly idleMs?: number;
  /** How long events stay leased, in milliseconds: so late does another relay take over from one that died. */
  readonly leaseMs?: number;
  /** Tells when new executions begin. */
  readonly clock: Clock;
  /** Plans for a workflow before it is told of changed facts; absent: they all plan by themselves. */
  readonly planAhead?: PlanAhead | undefined;
  /** Asked before each couple of a crowd begins; absent: they begin as fast as Temporal takes them. */
  readonly crowdGate?: CrowdGate | undefined;
  /** Spans of the events; absent: none. */
  readonly tracing?: Tracing | null | undefined;
}

/** Stopping finishes the event it is at and gives the rest back. */
export interface Relay extends Poll {
  /** When it last looked at the outbox without an error, for the health of the process. */
  readonly lastLookAt: () => Date | null;
}

const AFTER_ERROR_MS = 2_000;
/** Organizations that are looked after at once; each holds a connection to the database for a moment. */
const ORGANIZATIONS_AT_ONCE = 4;
/** Couples whose workflows are started and woken at once; their rows are written together before. */
const COUPLES_AT_ONCE = 10;
/**
 * From so many couples on that one organization has in one go they are a crowd, which what falls due goes before; and
 * from so many executions on that it has to be woken in one go they plan by themselves.
 */
const CROWD = 20;
/** Signals and starts of one event under way at once: an event may concern every couple of an organization. */
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
    processed: [],
    left: [],
    outages: [],
    // Half of the lease is left: what is not done by then is done by whoever leases it next.
    isOver: () => signal?.aborted === true || batch.outages.length > 0 || performance.now() - begun > leaseMs / 2,
  };
  try {
    const organizations = [...Map.groupBy(events, (event) => event.organizationId).values()];
    await eachOf(organizations, ORGANIZATIONS_AT_ONCE, (ofOne) => relayOrganization(options, ofOne, batch));
  } finally {
    await withRelay(relayDatabase, async (trx) => {
      if (batch.processed.length > 0) await markProcessed(trx, batch.processed);
      if (batch.left.length > 0) await giveBack(trx, batch.left);
    });
  }
  if (batch.outages.length > 0) throw batch.outages[0];
  return events.length;
}

/** What became of the events that were leased together. */
interface Batch {
  readonly processed: string[];
  /** Not looked at: they go back. */
  readonly left: string[];
  readonly outages: unknown[];
  readonly isOver: () => boolean;
}

/** Everything that the events of one couple, or of a whole organization, ask of Temporal. */
interface Errand {
  readonly events: readonly OutboxEvent[];
  readonly start: readonly ExecutionHead[];
  readonly wake: readonly string[];
}

/**
 * Brings the events of one organization to its journeys: those of couples together, because their rows are written in a
 * few statements then, however many they are; where that fails, and for what concerns everybody, each couple alone.
 */
async function relayOrganization(options: RelayOptions, events: readonly OutboxEvent[], batch: Batch): Promise<void> {
  const couples = [...Map.groupBy(events, ({ clientId }) => clientId).values()];
  const together = couples.filter(([first]) => first?.clientId !== null);
  const alone = couples.filter(([first]) => first?.clientId === null);
  if (!batch.isOver() && together.length > 0) {
    try {
      const errands = await react(options, together.flat());
      const woken = errands.reduce((sum, { wake }) => sum + wake.length, 0);
      await eachOf(errands, COUPLES_AT_ONCE, async (errand) => {
        const ids = errand.events.map(({ id }) => id);
        if (errands.length >= CROWD && errand.start.length > 0) await options.crowdGate?.();
        if (batch.isOver()) {
          batch.left.push(...ids);
          return;
        }
        try {
          await traceEvents(options.tracing, errand.events, () => run(options, errand, woken));
          batch.processed.push(...ids);
        } catch (error) {
          if (isOutage(error)) await postponeFirst(options, errand.events, error, batch);
          else alone.push([...errand.events]);
        }
      });
    } catch (error) {
      // One of them is to blame: alone it fails again, and the others do not.
      options.log.debug({ err: error }, 'the events of several couples are brought to their journeys one by one');
      alone.push(...together);
    }
  } else alone.push(...together);
  for (const couple of alone) await relayAlone(options, couple, batch);
}

/** Brings events one after the other; what stands behind one that failed waits. */
async function relayAlone(options: RelayOptions, events: readonly OutboxEvent[], batch: Batch): Promise<void> {
  const { relayDatabase, log } = options;
  for (const [index, event] of events.entries()) {
    const rest = events.slice(index);
    if (batch.isOver()) return void batch.left.push(...rest.map(({ id }) => id));
    try {
      await traceEvents(options.tracing, [event], async () => {
        if (event.event === 'enrolment.requested') {
          await options.workflows.startBatch(event.organizationId, event.ref ?? '');
        } else for (const errand of await react(options, [event])) await run(options, errand, errand.wake.length);
      });
      batch.processed.push(event.id);
    } catch (error) {
      if (isOutage(error)) return postponeFirst(options, rest, error, batch);
      batch.left.push(...rest.slice(1).map(({ id }) => id));
      log.warn({ err: error, outboxId: event.id, event: event.event }, 'an event did not reach its journeys yet');
      return withRelay(relayDatabase, (trx) => markFailed(trx, event.id, describe(error)));
    }
  }
}

/** Nothing is wrong with the events: the first comes again in a few seconds, and the others after it. */
async function postponeFirst(
  { relayDatabase }: RelayOptions,
  events: readonly OutboxEvent[],
  error: unknown,
  batch: Batch,
): Promise<void> {
  batch.outages.push(error);
  const [first, ...others] = events.map(({ id }) => id);
  batch.left.push(...others);
  if (first !== undefined) await withRelay(relayDatabase, (trx) => postpone(trx, first, describe(error)));
}

/** Temporal's client says "failed to start" and keeps the why in the cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}

/** Writes what events of one organization mean for its executions, in one transaction. */
async function react({ workerDatabase, clock }: RelayOptions, events: readonly OutboxEvent[]): Promise<Errand[]> {
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined) return [];
  const now = await clock();
  return withTenant(workerDatabase, tenantOf(first, last), async (trx) => {
    const reactions = await reactToEvents(trx, events, now);
    const start = [...reactions.values()].flatMap((reaction) => reaction.start);
    const heads = start.length === 0 ? [] : await headsToStart(trx, start);
    return [...Map.groupBy(events, ({ clientId }) => clientId).values()].map((ofCouple) => {
      const asked = ofCouple.flatMap(({ id }) => reactions.get(id) ?? []);
      const started = new Set(asked.flatMap((reaction) => reaction.start));
      // What begins now reads all that the other events tell.
      const wake = new Set(asked.flatMap((reaction) => reaction.wake)).difference(started);
      return { events: ofCouple, start: heads.filter(({ executionId }) => started.has(executionId)), wake: [...wake] };
    });
  });
}

/**
 * Does in Temporal what was written.
 *
 * @param woken executions of the organization that are woken together: a crowd is only told, because the events of all
 *   others wait meanwhile, and one event may concern more executions than a lease has time for
 */
async function run(options: RelayOptions, { events, start, wake }: Errand, woken: number): Promise<void> {
  const { workerDatabase, workflows } = options;
  const [first, last] = [events[0], events.at(-1)];
  if (first === undefined || last === undefined) return;
  await eachOf(start, CONCURRENCY, (head) => workflows.start(head));
  const asleep: string[] = [];
  await eachOf(wake, CONCURRENCY, async (executionId) => {
    const plan = woken >= CROWD ? null : await planFor(options, first.organizationId, executionId);
    if (!(await workflows.wake(first.organizationId, executionId, last.id, plan))) asleep.push(executionId);
  });
  if (asleep.length === 0) return;
  // Running by our rows, but not in Temporal: a start that was lost, or one of a batch whose turn is still to come. It
  // reads its facts when it begins.
  const heads = await askAsTenant(workerDatabase, tenantOf(first, last), (trx) => headsToStart(trx, asleep));
  await eachOf(heads, CONCURRENCY, (head) => workflows.start(head));
}

/** Whatever keeps a plan from being made here: the workflow makes one, and waits for the database where it must. */
async function planFor(
  { planAhead, log }: RelayOptions,
  organizationId: string,
  executionId: string,
): Promise<NextAction | null> {
  try {
    return (await planAhead?.({ organizationId, executionId })) ?? null;
  } catch (error) {
    log.debug({ err: error, organizationId, executionId }, 'no plan was made ahead; the workflow makes its own');
    return null;
  }
}

async function headsToStart(trx: Trx, executionIds: readonly string[]): Promise<ExecutionHead[]> {
  return (await executionHeads(trx, executionIds)).filter(({ waitsForBatch }) => !waitsForBatch);
}

const tenantOf = ({ organizationId, id }: OutboxEvent, last: OutboxEvent): TenantContext => ({
  organizationId,
  actor: 'system',
  requestId: id === last.id ? `outbox/${id}` : `outbox/${id}-${last.id}`,
});
