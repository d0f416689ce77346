// What holds for every journey and every couple, tried on thousands of them.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerOf } from '../../../journeys/answers.ts';
import { createCalendar } from '../../../journeys/calendar.ts';
import { parseDay, parseTime, weekdayOf } from '../../../journeys/civil.ts';
import type { JourneyDefinition, Step } from '../../../journeys/definition.ts';
import { explain } from '../../../journeys/explain.ts';
import type { Facts, Ledger } from '../../../journeys/facts.ts';
import type { Plan } from '../../../journeys/plan.ts';
import { planJourney } from '../../../journeys/plan-journey.ts';
import { isCapped, purposeOf } from '../../../journeys/recipients.ts';
import { simulate, type LogEntry } from '../../../journeys/simulate.ts';
import { createWorld, endStep, recordPlan } from '../../../journeys/world.ts';
import { couples, definitions, ledgers, moments, troubles, type Trouble } from './arbitrary-journeys.ts';
import { email, factsOf, journeyOf, ledgerOf, wedding } from '../support/ask.ts';

const RUNS = { numRuns: 300 };
/** Whole lives of journeys are dearer than single plans. */
const LIVES = { numRuns: 100 };
const EMPTY: Ledger = { steps: [] };
const ENDED = new Set(['done', 'skipped', 'failed', 'unknown', 'not_taken']);

describe('every plan', () => {
  test('is the same whatever the order of keys', () => {
    fc.assert(
      fc.property(definitions, couples, moments, (definition, facts, now) => {
        const plan = planJourney(definition, facts, EMPTY, now);
        expect(planJourney(turned(definition), turned(facts), EMPTY, now)).toEqual(plan);
      }),
      RUNS,
    );
  });

  test('is the same when it is drawn up again', () => {
    fc.assert(
      fc.property(definitions, couples, moments, (definition, facts, now) => {
        const world = createWorld(definition, facts, EMPTY);
        const plan = planJourney(definition, facts, EMPTY, now);
        recordPlan(world, plan, now);
        expect(withoutOver(planJourney(definition, facts, world.ledger, now))).toEqual(withoutOver(plan));
      }),
      RUNS,
    );
  });

  test('changes nothing of what it was given', () => {
    fc.assert(
      fc.property(definitions, couples, moments, (definition, facts, now) => {
        const before = structuredClone({ definition, facts });
        planJourney(definition, facts, EMPTY, now);
        expect({ definition, facts }).toEqual(before);
      }),
      RUNS,
    );
  });

  test('lists what is next, and waits for the future only', () => {
    fc.assert(
      fc.property(definitions, couples, moments, (definition, facts, now) => {
        const { next, steps } = planJourney(definition, facts, EMPTY, now);
        const isListed =
          next.kind !== 'run' || steps.some((one) => one.key === next.key && one.occurrence === next.occurrence);
        const isFuture = next.kind !== 'wait' || next.until === null || next.until > now;
        expect({ isListed, isFuture }).toEqual({ isListed: true, isFuture: true });
      }),
      RUNS,
    );
  });

  test('changes by itself at no moment before the one it names', () => {
    fc.assert(
      fc.property(
        definitions,
        couples,
        troubles,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (definition, facts, trouble, part) => {
          // A condition on the days to the wedding may turn at midnight under a step that waits for somebody; whoever
          // answers is asked it again, so nobody has to wake up for it.
          fc.pre(!JSON.stringify(definition).includes('daysAway'));
          const troubled = happenedAtStart(facts, trouble);
          const { ledger, plan, now } = lifeUntil(definition, troubled, part);
          if (plan.next.kind !== 'wait') return;
          const later = plan.next.until === null ? Date.parse(now) + TEN_YEARS : Date.parse(plan.next.until) - 1_000;
          if (later <= Date.parse(now)) return;
          const then = planJourney(definition, troubled, ledger, `${new Date(later).toISOString().slice(0, 19)}Z`);
          expect(then.steps.map(standing)).toEqual(plan.steps.map(standing));
        },
      ),
      RUNS,
    );
  });

  test('is drawn up for any ledger and any trouble, and keeps what has ended', () => {
    fc.assert(
      fc.property(definitions, couples, troubles, ledgers, moments, (definition, facts, trouble, ledger, now) => {
        const execution = { ...facts.execution, ...trouble } as Facts['execution'];
        const plan = planJourney(definition, { ...facts, execution }, ledger, now);
        const ended = Map.groupBy(ledger.steps, (row) => `${row.key}#${row.occurrence}`);
        const changed = plan.steps.filter((one) => {
          const rows = ended.get(`${one.key}#${one.occurrence}`) ?? [];
          return rows.length === 1 && rows.every((row) => ENDED.has(row.state) && row.state !== one.state);
        });
        expect(changed).toEqual([]);
        const sentences = plan.steps.map((step) => explain(step));
        expect(sentences.filter((sentence) => !sentence.endsWith('.') && !sentence.endsWith(')'))).toEqual([]);
      }),
      RUNS,
    );
  });

  test('catches up at most one message a local day', () => {
    fc.assert(
      fc.property(definitions, couples, moments, (definition, facts, now) => {
        const calendar = createCalendar();
        const days = planJourney(definition, facts, EMPTY, now)
          .steps.filter((one) => one.reason.code === 'caught_up' && isCapped(stepOf(definition, one.key)))
          .map((one) => calendar.zone(one.zone ?? 'UTC').wallAt(Date.parse(one.runAt ?? '')).day);
        expect(new Set(days).size).toBe(days.length);
      }),
      RUNS,
    );
  });
});

describe('a wedding moved by k days', () => {
  test('moves each step with an offset in days and no day rule by exactly k days', () => {
    const offsets = fc.uniqueArray(fc.integer({ min: -100, max: 100 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(offsets, fc.integer({ min: -60, max: 200 }), (days, k) => {
        const definition = journeyOf({
          steps: days.map((offset, index) => email(`s${index}`, { when: wedding(offset) })),
        });
        const on = (weddingOn: string) =>
          planJourney(definition, factsOf({ client: { weddingOn } }), ledgerOf(), '2024-01-01T00:00:00Z').steps;
        const moved = new Date(Date.parse('2027-06-12') + k * 86_400_000).toISOString().slice(0, 10);
        const shifts = on('2027-06-12').map(({ local }, index) => {
          const after = on(moved)[index]?.local ?? '';
          return [
            (parseDay(after.slice(0, 10)) ?? 0) - (parseDay(local?.slice(0, 10)) ?? 0),
            after.slice(10) === local?.slice(10),
          ];
        });
        expect(shifts).toEqual(days.map(() => [k, true]));
      }),
      RUNS,
    );
  });
});

describe('a whole life', () => {
  test('ends, or waits for news, within 2,000 planning rounds', () => {
    fc.assert(
      fc.property(definitions, couples, (definition, facts) => {
        const { rounds, plan } = simulate(definition, facts, []);
        expect(rounds).toBeLessThan(2_000);
        expect(plan.next.kind === 'finished' || (plan.next.kind === 'wait' && plan.next.until === null)).toBe(true);
      }),
      LIVES,
    );
  });

  test('sends no message outside its window, and no more than the cap on a local day', () => {
    fc.assert(
      fc.property(definitions, couples, (definition, facts) => {
        const sent = simulate(definition, facts, []).log.filter(isSent);
        expect(sent.filter((one) => !isInWindow(one, stepOf(definition, one.key), facts))).toEqual([]);
        const days = sent
          .filter((one) => isCapped(stepOf(definition, one.key)) && one.zone === sent[0]?.zone)
          .map((one) => one.local.slice(0, 10));
        const most = Math.max(0, ...[...Map.groupBy(days, (day) => day).values()].map((list) => list.length));
        expect(most).toBeLessThanOrEqual(facts.organization.dailyCap);
      }),
      LIVES,
    );
  });

  test('catches up at most one message a local day', () => {
    fc.assert(
      fc.property(definitions, couples, (definition, facts) => {
        const days = simulate(definition, facts, [])
          .log.filter(isSent)
          .filter((one) => one.reason.code === 'caught_up' && isCapped(stepOf(definition, one.key)))
          .map((one) => one.local.slice(0, 10));
        expect(new Set(days).size).toBe(days.length);
      }),
      LIVES,
    );
  });

  test('never changes, reorders or repeats what was done, whatever happens to the couple', () => {
    const changes = fc.array(
      fc.record({
        at: moments,
        do: fc.constantFrom(
          'wedding_date.set',
          'client.postponed',
          'client.cancelled',
          'hold',
          'resume',
          'form.submitted',
        ),
        on: fc.constantFrom('2027-02-01', '2027-09-18', '2028-05-20'),
      }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(definitions, couples, changes, (definition, facts, rows) => {
        const script = rows
          .map(({ at, on, ...row }) => ({ ...row, at, details: { weddingOn: on, form: 'menu' } }))
          .filter((row) => row.at >= facts.execution.startedAt);
        const { log, ledger } = simulate(definition, facts, script);
        const ran = log.filter((one) => one.kind === 'step' && one.fate !== 'held');
        const names = ran.map((one) => (one.kind === 'step' ? `${one.key}#${one.occurrence}` : ''));
        expect(new Set(names).size).toBe(names.length);
        const inLedger = ran.map(
          (one) =>
            one.kind === 'step' && ledger.steps.find((row) => row.key === one.key && row.occurrence === one.occurrence),
        );
        const kept = inLedger.map(
          (row) => row && (row.state === 'done' || row.state === 'skipped' || row.state === 'not_taken'),
        );
        expect(kept.every(Boolean)).toBe(true);
        expect(ran.map((one) => one.at)).toEqual(ran.map((one) => one.at).sort());
      }),
      LIVES,
    );
  });

  test('is nothing but the planner asked again and again', () => {
    fc.assert(
      fc.property(definitions, couples, (definition, facts) => {
        const rehearsed = simulate(definition, facts, []).log.flatMap((one) =>
          one.kind === 'step' && ran(one) ? [`${one.key}#${one.occurrence} ${one.at}`] : [],
        );
        expect(rehearsed).toEqual(byHand(definition, facts));
      }),
      LIVES,
    );
  });
});

/** The planner asked again and again, with nothing but a ledger between the questions. */
function byHand(definition: JourneyDefinition, facts: Facts): string[] {
  const world = createWorld(definition, facts, EMPTY);
  const lines: string[] = [];
  let now = facts.execution.startedAt;
  for (let round = 0; round < 2_000; round++) {
    const plan = planJourney(definition, world.facts, world.ledger, now);
    recordPlan(world, plan, now);
    const { next } = plan;
    if (next.kind === 'finished' || (next.kind === 'wait' && next.until === null)) return lines;
    if (next.kind === 'wait') now = next.until ?? now;
    if (next.kind !== 'run') continue;
    const line = plan.steps.find((one) => one.key === next.key && one.occurrence === next.occurrence);
    if (!line) throw new Error('Not listed.');
    lines.push(`${line.key}#${line.occurrence} ${now}`);
    const outcome = answerOf(definition, world.facts, world.ledger, line, now);
    const reason = line.state === 'will_skip' || line.reason.code === 'caught_up' ? line.reason : { code: 'done' };
    endStep(world, line.key, line.occurrence, {
      state: line.state === 'will_skip' ? 'skipped' : 'done',
      endedAt: now,
      reason,
      ...(outcome && { outcome }),
    });
    const step = stepOf(definition, line.key);
    if (step.type === 'update_client' && line.state !== 'will_skip')
      world.facts.client.tags = [...new Set([...world.facts.client.tags, 'album'])];
    if (line.type === 'email' || line.type === 'sms' || line.type === 'whatsapp')
      world.facts.messages[line.key] = { status: 'sent' };
  }
  throw new Error('No end.');
}

const TEN_YEARS = 10 * 365 * 86_400_000;

function standing({ key, occurrence, state, reason }: Plan['steps'][number]): string {
  return `${key}#${occurrence} ${state} ${reason.code}`;
}

/** Facts all of whose changes have happened: what is still to come is no fact. */
function happenedAtStart(facts: Facts, { holds, endedStages, resumed }: Trouble): Facts {
  const at = facts.execution.startedAt;
  const execution = {
    ...facts.execution,
    holds: holds.map((hold) => ({ ...hold, since: at })),
    endedStages: endedStages.map((ended) => ({ ...ended, at })),
    ...(resumed && { resumed: { ...resumed, at } }),
  } as Facts['execution'];
  const changed = facts.client.weddingChangedAt === undefined ? {} : { weddingChangedAt: at };
  return { ...facts, execution, client: { ...facts.client, ...changed } };
}

/** A journey carried on by hand for some part of its life, to a moment in which it waits. */
function lifeUntil(definition: JourneyDefinition, facts: Facts, part: number) {
  const world = createWorld(definition, facts, EMPTY);
  let now = facts.execution.startedAt;
  const rounds = Math.floor(part * 60);
  for (let round = 0; ; round++) {
    const plan = planJourney(definition, world.facts, world.ledger, now);
    recordPlan(world, plan, now);
    const { next } = plan;
    const line =
      next.kind === 'run' && plan.steps.find((one) => one.key === next.key && one.occurrence === next.occurrence);
    if (line) {
      const outcome = answerOf(definition, world.facts, world.ledger, line, now);
      const state = line.state === 'will_skip' ? 'skipped' : 'done';
      const reason =
        state === 'skipped' || line.reason.code === 'caught_up' ? line.reason : ({ code: 'done' } as const);
      endStep(world, line.key, line.occurrence, { state, endedAt: now, reason, ...(outcome && { outcome }) });
    } else if (next.kind !== 'wait' || next.until === null || round >= rounds) {
      return { plan, ledger: world.ledger, now };
    } else {
      now = next.until;
    }
  }
}

type StepEntry = Extract<LogEntry, { kind: 'step' }>;

function ran(one: StepEntry): boolean {
  return one.fate !== 'held' && one.fate !== 'not_taken';
}

function isSent(one: LogEntry): one is StepEntry {
  return one.kind === 'step' && one.fate === 'sent';
}

function isInWindow(one: StepEntry, step: Step, { organization }: Facts): boolean {
  const { sendWindow } = organization;
  if (sendWindow === null || !('template' in step) || purposeOf(step) === 'transactional') return true;
  const second = parseTime(one.local.slice(11));
  const isOpen = parseTime(sendWindow.from) <= second && second < parseTime(sendWindow.to);
  return isOpen && sendWindow.days.includes(weekdayOf(parseDay(one.local.slice(0, 10)) ?? 0));
}

function stepOf(definition: JourneyDefinition, key: string): Step {
  const step = definition.steps.find((one) => one.key === key);
  if (!step) throw new Error(`No step ${key}.`);
  return step;
}

/** The same value with the keys of every object the other way round. */
function turned<T>(value: T): T {
  if (Array.isArray(value)) return value.map(turned) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, one]) => [key, turned(one)]),
  ) as T;
}

/** Without the reason's moment of what is over: recorded, it ends when it was recorded. */
function withoutOver(plan: ReturnType<typeof planJourney>) {
  return {
    ...plan,
    steps: plan.steps.map((one) =>
      one.state === 'not_taken' ? { ...one, dueAt: null, local: null, zone: null } : one,
    ),
  };
}
