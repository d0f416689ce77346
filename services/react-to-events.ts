import {
  endedWithClosing,
  endStages,
  reopenForClosing,
  runningOfCouples,
  runningOfOrganization,
  type ExecutionOfCouple,
  type RunningExecution,
} from '../db/enrolments.ts';
import type { OutboxEvent } from '../db/outbox.ts';
import { closeExecution, stopExecution } from '../db/stop-execution.ts';
import type { Trx } from '../db/tenant.ts';
import { endedBy } from '../journeys/stops.ts';
import { completeNumbers } from './complete-numbers.ts';
import { addTo, isOfCouple, startJourneys, type CoupleEvent } from './start-journeys.ts';

/** What an event asks of Temporal, once the transaction is committed. Doing it twice does no harm. */
export interface Reaction {
  /** Executions whose workflow has to run. */
  readonly start: readonly string[];
  /** Executions whose plan may look different now. */
  readonly wake: readonly string[];
}

const PAGE = 1_000;

/**
 * What events mean for the journeys of their organization: stops end executions, starts make new ones, and all others of
 * the couple look at their facts again. Called again for the same event it finds what it did and answers the same.
 *
 * One couple's events are taken in their order; of many couples the first of each are asked together, then the second,
 * because a crowd's every question would otherwise be a round trip.
 *
 * @param events of one organization, each couple's in their order
 * @param now when new executions begin
 * @returns what each of the events asks, by its id
 */
export async function reactToEvents(
  trx: Trx,
  events: readonly OutboxEvent[],
  now: Date,
): Promise<ReadonlyMap<string, Reaction>> {
  const reactions = new Map<string, Reaction>();
  const couples = [...Map.groupBy(events, ({ clientId }) => clientId).values()];
  for (let turn = 0; couples.some((ofCouple) => turn < ofCouple.length); turn += 1) {
    const ofTurn = couples.flatMap((ofCouple) => ofCouple[turn] ?? []);
    const [wake, start] = [new Map<string, string[]>(), new Map<string, string[]>()];
    for (const event of ofTurn) {
      if (!isOfCouple(event)) wake.set(event.id, await wakeOrganization(trx, event));
    }
    const ofCouples = ofTurn.filter(isOfCouple);
    if (ofCouples.length > 0) {
      await completeNumbersOf(trx, ofCouples);
      await wakeCouples(trx, ofCouples, wake);
      await reopenStopped(trx, ofCouples, start);
      await startJourneys(trx, ofCouples, now, start);
    }
    for (const { id } of ofTurn) {
      const started = start.get(id) ?? [];
      reactions.set(id, {
        start: started,
        wake: (wake.get(id) ?? []).filter((executionId) => !started.includes(executionId)),
      });
    }
  }
  return reactions;
}

async function completeNumbersOf(trx: Trx, events: readonly CoupleEvent[]): Promise<void> {
  const written = events.filter(({ event, details }) => event === 'facts.changed' && details['what'] === 'contact');
  if (written.length > 0)
    await completeNumbers(
      trx,
      written.map(({ clientId }) => clientId),
    );
}

/** A journey whose steps have all ended may still be stopped: then its closing steps run. */
async function reopenStopped(trx: Trx, events: readonly CoupleEvent[], reopened: Map<string, string[]>): Promise<void> {
  const telling = events.filter(({ event }) => event !== 'facts.changed');
  if (telling.length === 0) return;
  const ended = await endedWithClosing(
    trx,
    telling.map(({ clientId }) => clientId),
  );
  for (const [event, { executionId, definition }] of withTheirs(telling, ended)) {
    const end = endedBy(definition, { on: event.event, details: event.details });
    if (end?.kind !== 'execution') continue;
    await reopenForClosing(trx, executionId, toSecond(event.occurredAt), end.reason);
    addTo(reopened, event.id, executionId);
  }
}

async function wakeCouples(trx: Trx, events: readonly CoupleEvent[], woken: Map<string, string[]>): Promise<void> {
  const running = await runningOfCouples(
    trx,
    events.map(({ clientId }) => clientId),
  );
  for (const [event, execution] of withTheirs(events, running)) {
    const { executionId = execution.executionId, journeyId = execution.journeyId } = concerned(event);
    if (executionId !== execution.executionId || journeyId !== execution.journeyId) continue;
    await end(trx, execution, event);
    addTo(woken, event.id, execution.executionId);
  }
}

/** What concerns every couple: settings, a hold of the organization. */
async function wakeOrganization(trx: Trx, event: OutboxEvent): Promise<string[]> {
  const woken: string[] = [];
  for (let after: string | null = null; ;) {
    const page = await runningOfOrganization(trx, concerned(event), { after, limit: PAGE });
    for (const execution of page) {
      await end(trx, execution, event);
      woken.push(execution.executionId);
    }
    after = page.at(-1)?.executionId ?? null;
    if (page.length < PAGE) return woken;
  }
}

/** Ends an execution, or stages of it, where the event is one of its stops. */
async function end(trx: Trx, { executionId, definition }: RunningExecution, event: OutboxEvent): Promise<void> {
  const at = toSecond(event.occurredAt);
  if (event.event === 'client.deleted')
    await closeExecution(trx, executionId, { status: 'stopped', at, reason: 'deleted' });
  const ended = endedBy(definition, { on: event.event, details: event.details });
  if (ended?.kind === 'execution') await stopExecution(trx, executionId, at, ended.reason);
  if (ended?.kind === 'stages') await endStages(trx, executionId, ended.stages, at);
}

/** Each event with each execution of its couple. */
function withTheirs(
  events: readonly CoupleEvent[],
  executions: readonly ExecutionOfCouple[],
): [CoupleEvent, ExecutionOfCouple][] {
  const ofCouple = Map.groupBy(executions, ({ clientId }) => clientId);
  return events.flatMap((event) =>
    (ofCouple.get(event.clientId) ?? []).map((execution): [CoupleEvent, ExecutionOfCouple] => [event, execution]),
  );
}

/** The one execution, or the one journey, that an event is about; nothing where it is about all. */
function concerned({ event, details }: OutboxEvent): {
  executionId?: string | undefined;
  journeyId?: string | undefined;
} {
  if (event !== 'facts.changed') return {};
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return { executionId: text(details['executionId']), journeyId: text(details['journeyId']) };
}

const toSecond = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;
