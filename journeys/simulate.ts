// A rehearsal: the journey runs through virtual time with events from outside. The planner decides everything.
import { answerOf } from './answers.ts';
import { createCalendar, formatInstant, formatLocal } from './calendar.ts';
import { isMessage, type JourneyDefinition, type Step, type StepType } from './definition.ts';
import { dateChangeTasks } from './date-change-tasks.ts';
import { explain } from './explain.ts';
import type { Facts, Ledger } from './facts.ts';
import { planJourney } from './plan-journey.ts';
import type { Plan, PlannedStep } from './plan.ts';
import type { Reason } from './reasons.ts';
import { reachedBy } from './recipients.ts';
import type { ScriptEvent } from './script.ts';
import { happen } from './world-events.ts';
import { becomeStatus, changeClient, createWorld, endStep, recordPlan, type World } from './world.ts';

/**
 * What became of a step:
 * - `sent` a message, `done` anything else that takes effect, `answered` a condition, wait or delay
 * - `task_instead` the task that takes the place of a message nobody approved
 * - `task_besides` the task that follows a message which went for a date that has changed since
 * - `skipped`, `not_taken` it will not happen
 * - `held` it would go now, but waits for somebody or for a date to settle
 */
export type StepFate =
  | 'sent'
  | 'done'
  | 'answered'
  | 'task_instead'
  | 'task_besides'
  | 'skipped'
  | 'not_taken'
  | 'held';

/** One line of the log. `local` is the wall clock of the step's zone, for an event the organization's. */
export type LogEntry =
  | { readonly kind: 'event'; readonly at: string; readonly local: string; readonly event: string }
  | {
      readonly kind: 'step';
      readonly at: string;
      readonly local: string;
      readonly zone: string;
      readonly key: string;
      readonly occurrence: number;
      readonly type: StepType;
      readonly fate: StepFate;
      /** Roles of those whom a message reaches; empty where contacts are not known, and of other steps. */
      readonly to: readonly string[];
      readonly outcome: string | null;
      readonly reason: Reason;
      readonly why: string;
    };

export type Simulation = {
  readonly log: readonly LogEntry[];
  /** The plan at the end of the rehearsal. */
  readonly plan: Plan;
  readonly facts: Facts;
  readonly ledger: Ledger;
  /** How often the planner was asked. */
  readonly rounds: number;
};

export type SimulationOptions = {
  /** An instant after which nothing is looked at any more; without it the rehearsal goes on to the end. */
  readonly until?: string;
  readonly ledger?: Ledger;
};

/** Far more than any journey needs; whoever comes here goes round in circles. */
const MAX_ROUNDS = 50_000;

/**
 * Runs a journey from the start of its execution, with the events of `script` at their instants. Of an event and a step
 * at the same second the event comes first: nothing is sent from a stop on, even if due in the same second.
 *
 * @param facts what is known at the start (`execution.startedAt`)
 */
export function simulate(
  definition: JourneyDefinition,
  facts: Facts,
  script: readonly ScriptEvent[],
  options: SimulationOptions = {},
): Simulation {
  const calendar = createCalendar();
  const world = createWorld(definition, facts, options.ledger ?? { steps: [] });
  const steps = new Map([...definition.steps, ...(definition.closing ?? [])].map((step) => [step.key, step]));
  const end = options.until === undefined ? Infinity : Date.parse(options.until);
  const events = [...script].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
  const log: LogEntry[] = [];
  const told = new Set<string>();
  let now = Date.parse(facts.execution.startedAt);
  let awayUntil = -Infinity;
  let rounds = 0;
  let settlesAt = Infinity;

  for (;;) {
    letHappen();
    const at = formatInstant(now);
    const plan = planJourney(definition, world.facts, world.ledger, at, calendar);
    rounds += 1;
    if (rounds > MAX_ROUNDS) throw new Error(`The rehearsal went round ${MAX_ROUNDS} times without coming to an end.`);
    if (now >= awayUntil) {
      recordPlan(world, plan, at);
      tellOf(plan, at);
      followDates(plan, at);
      const { next } = plan;
      if (next.kind === 'run') {
        run(
          plan.steps.find((line) => line.key === next.key && line.occurrence === next.occurrence),
          at,
        );
        continue;
      }
    }
    const moment = nextMoment(plan);
    if (moment === null || moment >= end) {
      return { log, plan, facts: world.facts, ledger: world.ledger, rounds };
    }
    now = moment;
  }

  /** Everything that happens up to now; while the worker is away it happens all the same. */
  function letHappen(): void {
    for (let event = events[0]; event && Date.parse(event.at) <= now; event = events[0]) {
      events.shift();
      const local = formatLocal(calendar.zone(world.facts.organization.zone), Date.parse(event.at));
      log.push({ kind: 'event', at: event.at, local, event: event.do });
      awayUntil = awayAfter(event, awayUntil);
      happen(world, event);
    }
  }

  function nextMoment(plan: Plan): number | null {
    const { next } = plan;
    const upcoming = next.kind === 'wait' && next.until !== null ? Date.parse(next.until) : Infinity;
    const asleep = next.kind === 'finished' ? Infinity : awayUntil;
    const own = now < awayUntil ? asleep : upcoming;
    const event = events[0] ? Date.parse(events[0].at) : Infinity;
    const moment = Math.min(own, event, settlesAt);
    return moment === Infinity ? null : moment;
  }

  /** What somebody would see change: held, waiting for an OK, over. Each is told once. */
  function tellOf(plan: Plan, at: string): void {
    for (const line of plan.steps) {
      const fate = silentFate(line, world);
      const once = `${line.key}#${line.occurrence} ${line.state} ${line.reason.code}`;
      if (fate === null || told.has(once)) continue;
      told.add(once);
      write(line, fate, at, line.reason, null);
    }
  }

  /** What was sent for a date that has changed since, and was told to become a task; once the date is still. */
  function followDates(plan: Plan, at: string): void {
    settlesAt = Infinity;
    for (const task of dateChangeTasks(definition, world.facts, world.ledger, at)) {
      const line = plan.steps.find((one) => one.key === task.key && one.occurrence === task.occurrence);
      const once = `${task.key}#${task.occurrence} for ${task.nowDueAt}`;
      if (!line || told.has(once)) continue;
      if (task.from > at) settlesAt = Math.min(settlesAt, Date.parse(task.from));
      else {
        told.add(once);
        write(line, 'task_besides', at, line.reason, null);
      }
    }
  }

  function run(line: PlannedStep | undefined, at: string): void {
    const step = line && steps.get(line.key);
    if (!line || !step) throw new Error('The plan names a step as next that it does not list.');
    if (line.state === 'will_skip') {
      const instead = line.reason.code === 'not_approved' && line.reason.fallback === 'task';
      endStep(world, line.key, line.occurrence, { state: 'skipped', endedAt: at, reason: line.reason });
      told.add(`${line.key}#${line.occurrence} skipped ${line.reason.code}`);
      write(line, instead ? 'task_instead' : 'skipped', at, line.reason, null);
      return;
    }
    const outcome = answerOf(definition, world.facts, world.ledger, line, at);
    const reason: Reason = line.reason.code === 'caught_up' ? line.reason : { code: 'done' };
    endStep(world, line.key, line.occurrence, {
      state: 'done',
      endedAt: at,
      reason,
      ...(outcome !== undefined && { outcome }),
    });
    told.add(`${line.key}#${line.occurrence} done ${reason.code}`);
    write(line, fateOf(step), at, line.reason, outcome ?? null);
    takeEffect(world, step, at);
  }

  function write(line: PlannedStep, fate: StepFate, at: string, reason: Reason, outcome: string | null): void {
    const { key, occurrence, type } = line;
    const zone = line.zone ?? world.facts.organization.zone;
    const step = steps.get(key);
    const to = fate === 'sent' && step && isMessage(step) ? reachedBy(step, world.facts) : [];
    const local = formatLocal(calendar.zone(zone), Date.parse(at));
    log.push({ kind: 'step', at, local, zone, key, occurrence, type, fate, to, outcome, reason, why: explain(line) });
  }
}

/** A worker that is away runs nothing; what happens meanwhile is written down all the same. */
function awayAfter(event: ScriptEvent, before: number): number {
  if (event.do === 'worker.down' || event.do === 'worker.away') {
    const { until, to } = event.details;
    const back = until ?? to;
    return typeof back === 'string' ? Date.parse(back) : Infinity;
  }
  return event.do === 'worker.up' || event.do === 'worker.back' ? Date.parse(event.at) : before;
}

function fateOf(step: Step): StepFate {
  if (isMessage(step)) return 'sent';
  return step.type === 'condition' || step.type === 'wait_for' || step.type === 'delay' ? 'answered' : 'done';
}

/** What becomes of a step without anybody running it; null where there is nothing to tell. */
function silentFate(line: PlannedStep, world: World): StepFate | null {
  if (line.state === 'held' || line.reason.code === 'needs_approval') return 'held';
  if (line.state !== 'skipped' && line.state !== 'not_taken') return null;
  const row = world.ledger.steps.find((one) => one.key === line.key && one.occurrence === line.occurrence);
  return row?.state === line.state ? line.state : null;
}

function takeEffect(world: World, step: Step, at: string): void {
  if (isMessage(step)) world.facts.messages[step.key] = { ...world.facts.messages[step.key], status: 'sent' };
  if (step.type !== 'update_client') return;
  changeClient(world, step.set);
  const { status } = step.set;
  if (status !== undefined && status !== world.facts.client.status) becomeStatus(world, status, at);
}
