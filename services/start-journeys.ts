import {
  insertExecutions,
  journeysStartingOn,
  runningOfTriggers,
  type NewExecution,
  type StartableJourney,
} from '../db/enrolments.ts';
import { loadProspects } from '../db/load-execution.ts';
import type { OutboxEvent } from '../db/outbox.ts';
import type { Trx } from '../db/tenant.ts';
import { askStart, startsOn } from './start-choice.ts';

/** An event of one couple. */
export type CoupleEvent = OutboxEvent & { readonly clientId: string };
export const isOfCouple = (event: OutboxEvent): event is CoupleEvent => event.clientId !== null;

/** A couple that an event may put on a journey. */
interface Start {
  readonly eventId: string;
  readonly definition: StartableJourney['definition'];
  readonly execution: NewExecution;
}

/** Facts of so many are in memory at once. */
const PAGE = 50;

/**
 * Makes the executions that events set off.
 *
 * @param events each of another couple
 * @param now when the conditions of the starts are asked
 * @param started gets the executions whose workflow has to run, by the event; those that were made before, too
 */
export async function startJourneys(
  trx: Trx,
  events: readonly CoupleEvent[],
  now: Date,
  started: Map<string, string[]>,
): Promise<void> {
  const names = new Set(events.map(({ event }) => event));
  // What only changes facts starts nothing.
  names.delete('facts.changed');
  if (names.size === 0) return;
  const journeys = await journeysStartingOn(trx, [...names]);
  const wanted = events.flatMap((event) =>
    journeys
      .filter(({ definition }) => startsOn(definition, event.event, event.details))
      .map((journey) => startOf(journey, event)),
  );
  // Made by this trigger before: the workflow may not have been started yet.
  const before = await runningOfTriggers(trx, wanted.map(executionOf));
  const fresh = await thatHold(
    trx,
    wanted.filter((_, index) => before[index] === null),
    now,
  );
  const made = await insertExecutions(trx, fresh.map(executionOf));
  // Somebody else made it in this very moment, or it may not be.
  const beaten = fresh.filter((_, index) => made[index] === null);
  const others = await runningOfTriggers(trx, beaten.map(executionOf));
  for (const [starts, ids] of [
    [wanted, before],
    [fresh, made],
    [beaten, others],
  ] as const) {
    for (const [index, { eventId }] of starts.entries()) {
      const id = ids[index];
      if (typeof id === 'string') addTo(started, eventId, id);
    }
  }
}

/** Adds an execution to those of an event. */
export function addTo(lists: Map<string, string[]>, eventId: string, executionId: string): void {
  const list = lists.get(eventId);
  if (list === undefined) lists.set(eventId, [executionId]);
  else list.push(executionId);
}

const executionOf = ({ execution }: Start): NewExecution => execution;

function startOf({ journeyId, journeyVersionId, definition }: StartableJourney, event: CoupleEvent): Start {
  const reEntry = definition.starts.reEntry ?? 'never';
  const execution = {
    journeyId,
    journeyVersionId,
    clientId: event.clientId,
    triggerKey: reEntry === 'never' ? 'once' : triggerKeyOf(event, reEntry),
    triggerEvent: event.event,
    triggerRef: event.ref,
    triggerAt: event.occurredAt,
    triggerDetails: event.details,
    // The moment of the event, not of the relay: a relay that was away must not move "an hour after the booking".
    startedAt: event.occurredAt,
    unlessEarlier: reEntry === 'never' ? 'any_before' : reEntry === 'after_end' ? 'running' : 'no_matter',
  } as const;
  return { eventId: event.id, definition, execution };
}

/** Those whose condition holds for what is known now, or that have none. */
async function thatHold(trx: Trx, starts: readonly Start[], now: Date): Promise<Start[]> {
  const at = `${now.toISOString().slice(0, 19)}Z`;
  const asked = starts.filter(({ definition }) => definition.starts.onlyIf !== undefined);
  const refused = new Set<Start>();
  for (let from = 0; from < asked.length; from += PAGE) {
    const page = asked.slice(from, from + PAGE);
    const loaded = await loadProspects(trx, page.map(executionOf), at);
    for (const [index, start] of page.entries()) {
      const known = loaded[index];
      if (!known || askStart(start.definition, known, at)?.holds === false) refused.add(start);
    }
  }
  return starts.filter((start) => !refused.has(start));
}

/** Events whose row says which thing happened; of the others (a status, a date) each occurrence is a trigger. */
const OF_A_ROW = /^(?:payment\.|invoice\.|form\.|reply$|event$)/;

function triggerKeyOf(event: OutboxEvent, reEntry: 'after_end' | 'per_trigger'): string {
  const isRow = reEntry === 'per_trigger' && event.ref !== null && OF_A_ROW.test(event.event);
  return isRow ? `${event.event}/${event.ref}` : `${event.event}/#${event.id}`;
}
