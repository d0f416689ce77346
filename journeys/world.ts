// The world of a rehearsal: facts that events change, and a ledger that remembers what was done.
import type { JourneyDefinition } from './definition.ts';
import type { Facts, Ledger, LedgerStep } from './facts.ts';
import type { Plan } from './plan.ts';
import { endedBy, type DomainEvent } from './stops.ts';

export type World = { readonly definition: JourneyDefinition; facts: Facts; ledger: Ledger };

/** Changes nothing of what it was given. */
export function createWorld(definition: JourneyDefinition, facts: Facts, ledger: Ledger): World {
  return { definition, facts: structuredClone(facts), ledger: structuredClone(ledger) };
}

/** Makes an event known to the journey: waits and anchors see it, and it may end the journey or some of its stages. */
export function tell(world: World, event: DomainEvent, at: string): void {
  const { facts, definition } = world;
  const name = event.on === 'event' ? String(event.details['name']) : event.on;
  facts.events.push({ name, at, data: { ...event.details } });
  const { execution } = facts;
  const ended = execution.stoppedAt === undefined ? endedBy(definition, event) : null;
  if (ended?.kind === 'execution') {
    Object.assign(execution, { status: 'stopped', stoppedAt: at, stopReason: ended.reason });
  }
  if (ended?.kind === 'stages') {
    const open = ended.stages.filter((stage) => !execution.endedStages.some((one) => one.stage === stage));
    execution.endedStages.push(...open.map((stage) => ({ stage, at })));
  }
}

/** The status of the couple's record; becoming booked or cancelled is an event of its own besides. */
export function becomeStatus(world: World, status: string, at: string): void {
  world.facts.client.status = status;
  if (status === 'booked' || status === 'cancelled') tell(world, { on: `client.${status}`, details: { status } }, at);
  tell(world, { on: 'client.status', details: { status } }, at);
}

/** Tags and custom fields, as a step or somebody in the office sets them. */
export function changeClient(
  world: World,
  change: {
    addTags?: string[] | undefined;
    removeTags?: string[] | undefined;
    custom?: Record<string, unknown> | undefined;
  },
): void {
  const { client } = world.facts;
  const removed = new Set(change.removeTags);
  client.tags = [...new Set([...client.tags, ...(change.addTags ?? [])])].filter((tag) => !removed.has(tag));
  Object.assign(client.custom, change.custom);
}

const ENDED: ReadonlySet<LedgerStep['state']> = new Set(['done', 'skipped', 'failed', 'unknown', 'not_taken']);

/** Writes down what was planned: `plannedAt` moves only together with `dueAt`. What has ended is left as it is. */
export function recordPlan(world: World, plan: Plan, now: string): void {
  const { steps } = world.ledger;
  for (const line of plan.steps) {
    const before = steps.find((row) => row.key === line.key && row.occurrence === line.occurrence);
    if (before && ENDED.has(before.state)) continue;
    const isOver = ENDED.has(line.state);
    const row: LedgerStep = {
      ...before,
      key: line.key,
      occurrence: line.occurrence,
      state: line.state,
      dueAt: line.dueAt,
      plannedAt: before?.plannedAt && before.dueAt === line.dueAt ? before.plannedAt : now,
      ...(isOver && { endedAt: 'at' in line.reason ? line.reason.at : now, reason: line.reason }),
    };
    if (before) steps.splice(steps.indexOf(before), 1, row);
    else steps.push(row);
  }
  const planned = (row: LedgerStep): boolean =>
    plan.steps.some((line) => line.key === row.key && line.occurrence === row.occurrence);
  world.ledger = { steps: steps.filter((row) => ENDED.has(row.state) || planned(row)) };
}

/** Writes down how a step ended. */
export function endStep(world: World, key: string, occurrence: number, end: Partial<LedgerStep>): void {
  const row = world.ledger.steps.find((one) => one.key === key && one.occurrence === occurrence);
  if (row) Object.assign(row, { nextAttemptAt: undefined }, end);
}
