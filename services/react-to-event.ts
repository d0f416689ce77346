import {
  dropExecution,
  endedWithClosing,
  endStages,
  insertExecution,
  journeysStartingOn,
  reopenForClosing,
  runningExecutions,
  runningOfTrigger,
  type StartableJourney,
} from '../db/enrolments.ts';
import { loadExecution } from '../db/load-execution.ts';
import type { OutboxEvent } from '../db/outbox.ts';
import { closeExecution, stopExecution } from '../db/stop-execution.ts';
import type { Trx } from '../db/tenant.ts';
import { evaluate } from '../journeys/conditions.ts';
import { fieldReader } from '../journeys/fields.ts';
import { startPlanning } from '../journeys/planning.ts';
import { endedBy } from '../journeys/stops.ts';
import { completeNumbers } from './complete-numbers.ts';
import { startsOn } from './start-choice.ts';

/** What an event asks of Temporal, once the transaction is committed. Doing it twice does no harm. */
export interface Reaction {
  /** Executions whose workflow has to run. */
  readonly start: readonly string[];
  /** Executions whose plan may look different now. */
  readonly wake: readonly string[];
}

const PAGE = 1_000;

/**
 * What one event means for the journeys of its organization: stops end executions, starts make new ones, and all others
 * of the couple look at their facts again. Called again for the same event it finds what it did and answers the same.
 *
 * @param now when new executions begin
 */
export async function reactToEvent(trx: Trx, event: OutboxEvent, now: Date): Promise<Reaction> {
  if (event.clientId !== null && event.event === 'facts.changed' && event.details['what'] === 'contact') {
    await completeNumbers(trx, event.clientId);
  }
  const wake = await wakeRunning(trx, event);
  if (event.clientId === null) return { start: [], wake };
  const reopened = await reopenStopped(trx, event, event.clientId);
  const start = [...reopened, ...(await startJourneys(trx, event, event.clientId, now))];
  return { start, wake: wake.filter((id) => !start.includes(id)) };
}

/** A journey whose steps have all ended may still be stopped: then its closing steps run. */
async function reopenStopped(trx: Trx, event: OutboxEvent, clientId: string): Promise<string[]> {
  if (event.event === 'facts.changed') return [];
  const reopened: string[] = [];
  for (const { executionId, definition } of await endedWithClosing(trx, clientId)) {
    const ended = endedBy(definition, { on: event.event, details: event.details });
    if (ended?.kind !== 'execution') continue;
    await reopenForClosing(trx, executionId, toSecond(event.occurredAt), ended.reason);
    reopened.push(executionId);
  }
  return reopened;
}

async function wakeRunning(trx: Trx, event: OutboxEvent): Promise<string[]> {
  const woken: string[] = [];
  const of = { clientId: event.clientId, executionId: text(event, 'executionId'), journeyId: text(event, 'journeyId') };
  for (let after: string | null = null; ;) {
    const page = await runningExecutions(trx, of, { after, limit: PAGE });
    for (const { executionId, definition } of page) {
      const at = toSecond(event.occurredAt);
      if (event.event === 'client.deleted')
        await closeExecution(trx, executionId, { status: 'stopped', at, reason: 'deleted' });
      const ended = endedBy(definition, { on: event.event, details: event.details });
      if (ended?.kind === 'execution') await stopExecution(trx, executionId, at, ended.reason);
      if (ended?.kind === 'stages') await endStages(trx, executionId, ended.stages, at);
      woken.push(executionId);
    }
    after = page.at(-1)?.executionId ?? null;
    if (page.length < PAGE) return woken;
  }
}

async function startJourneys(trx: Trx, event: OutboxEvent, clientId: string, now: Date): Promise<string[]> {
  const started: string[] = [];
  for (const journey of await journeysStartingOn(trx, event.event)) {
    if (!startsOn(journey.definition, event.event, event.details)) continue;
    const executionId = await startJourney(trx, journey, event, clientId, now);
    if (executionId !== null) started.push(executionId);
  }
  return started;
}

async function startJourney(
  trx: Trx,
  { journeyId, journeyVersionId, definition }: StartableJourney,
  event: OutboxEvent,
  clientId: string,
  now: Date,
): Promise<string | null> {
  const { starts } = definition;
  const reEntry = starts.reEntry ?? 'never';
  const triggerKey = reEntry === 'never' ? 'once' : triggerKeyOf(event, reEntry);
  const executionId = await insertExecution(trx, {
    journeyId,
    journeyVersionId,
    clientId,
    triggerKey,
    triggerEvent: event.event,
    triggerRef: event.ref,
    triggerAt: event.occurredAt,
    triggerDetails: event.details,
    // The moment of the event, not of the relay: a relay that was away must not move "an hour after the booking".
    startedAt: event.occurredAt,
    unlessEarlier: reEntry === 'never' ? 'any_before' : reEntry === 'after_end' ? 'running' : 'no_matter',
  });
  // None was made: by this trigger before (then its workflow may not have been started yet), or it may not be.
  if (executionId === null) return runningOfTrigger(trx, { journeyId, clientId, triggerKey });
  if (starts.onlyIf !== undefined) {
    const loaded = await loadExecution(trx, executionId);
    const read = loaded && fieldReader(startPlanning(definition, loaded.facts, loaded.ledger, toSecond(now)));
    if (!read || !evaluate(starts.onlyIf, read).holds) {
      await dropExecution(trx, executionId);
      return null;
    }
  }
  return executionId;
}

/** Events whose row says which thing happened; of the others (a status, a date) each occurrence is a trigger. */
const OF_A_ROW = /^(?:payment\.|invoice\.|form\.|reply$|event$)/;

function triggerKeyOf(event: OutboxEvent, reEntry: 'after_end' | 'per_trigger'): string {
  const isRow = reEntry === 'per_trigger' && event.ref !== null && OF_A_ROW.test(event.event);
  return isRow ? `${event.event}/${event.ref}` : `${event.event}/#${event.id}`;
}

/** A detail that is a text; `undefined` where there is none. */
function text(event: OutboxEvent, key: 'executionId' | 'journeyId'): string | undefined {
  const value = event.event === 'facts.changed' ? event.details[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}

const toSecond = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;
