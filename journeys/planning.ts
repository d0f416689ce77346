// What the rules of the planner share while they draw up one plan.
import { createCalendar, type Calendar, type Instant, type Zone } from './calendar.ts';
import type { JourneyDefinition } from './definition.ts';
import type { Due } from './due.ts';
import type { Facts, Ledger, LedgerStep } from './facts.ts';
import { eventsOf, type JourneyEvent } from './journey-events.ts';
import { createTree, type JourneyTree, type Placed } from './journey-tree.ts';
import type { HeldReason, NotTakenReason, PlannedReason, Reason, SkipReason, WaitingReason } from './reasons.ts';

/**
 * What is to become of one occurrence of a step.
 * - `recorded`: the ledger has it, and it never changes.
 * - `over`: it will not happen, and nobody has to do anything for that.
 * - `skip`: it will not happen, and that is recorded at `at`.
 * - `go`: it runs at `runAt`.
 * - `waiting`, `held`: not before something else happens; `wakesAt` is when that may change by itself.
 */
export type Verdict =
  | {
      kind: 'recorded';
      state: 'done' | 'skipped' | 'failed' | 'unknown' | 'not_taken';
      reason: Reason;
      at: Instant | null;
    }
  | { kind: 'over'; state: 'skipped' | 'not_taken'; reason: SkipReason | NotTakenReason; at: Instant }
  | { kind: 'skip'; reason: SkipReason; at: Instant }
  | { kind: 'go'; runAt: Instant; reason: PlannedReason; wakesAt: Instant | null }
  | { kind: 'waiting'; reason: WaitingReason; dependsOn: string | null; wakesAt: Instant | null }
  | { kind: 'held'; reason: HeldReason; wakesAt: Instant | null };

/** One occurrence of a step while its plan is drawn up. */
export type Draft = {
  readonly placed: Placed;
  readonly occurrence: number;
  readonly record: LedgerStep | undefined;
  readonly zone: Zone;
  due: Due | null;
  /** The first instant at which it is no longer useful. */
  endOfUse: Instant | null;
  verdict: Verdict;
};

export type Planning = {
  readonly tree: JourneyTree;
  readonly facts: Facts;
  readonly now: Instant;
  readonly startedAt: Instant;
  readonly calendar: Calendar;
  readonly events: readonly JourneyEvent[];
  readonly stop: Stop | null;
  /** The stages that have ended, and when. */
  readonly endedStages: ReadonlyMap<string, Instant>;
  /** The ledger's rows of a step, by occurrence. */
  recordsOf(key: string): readonly LedgerStep[];
  /** What was drawn up so far, in list order. */
  readonly drafts: Map<string, Draft[]>;
  /** The keys of the steps that count from the start of the journey. */
  readonly fromStart: Set<string>;
};

export type Stop = { readonly at: Instant; readonly why: string | undefined };

export function startPlanning(
  definition: JourneyDefinition,
  facts: Facts,
  ledger: Ledger,
  now: string,
  calendar: Calendar = createCalendar(),
): Planning {
  const tree = createTree(definition);
  const records = Map.groupBy(ledger.steps, (record) => record.key);
  for (const rows of records.values()) rows.sort((a, b) => a.occurrence - b.occurrence);
  const instant = Date.parse(now);
  return {
    tree,
    facts,
    now: instant,
    startedAt: Date.parse(facts.execution.startedAt),
    calendar,
    events: eventsOf(facts),
    stop: stopOf(tree, facts, ledger, instant),
    endedStages: new Map(
      facts.execution.endedStages
        .map(({ stage, at }) => [stage, Date.parse(at)] as const)
        .filter(([, at]) => at <= instant)
        // Of a stage that ended twice, the first end counts.
        .sort(([, a], [, b]) => b - a),
    ),
    recordsOf: (key) => records.get(key) ?? [],
    drafts: new Map(),
    fromStart: new Set(),
  };
}

/** The stop that was recorded, or the failure of a step that was told to stop the journey. */
function stopOf(tree: JourneyTree, facts: Facts, ledger: Ledger, now: Instant): Stop | null {
  const { status, stoppedAt, stopReason } = facts.execution;
  if (stoppedAt !== undefined && (status === 'stopped' || Date.parse(stoppedAt) <= now)) {
    return { at: Date.parse(stoppedAt), why: stopReason };
  }
  const failures = ledger.steps
    .filter((record) => record.state === 'failed' && record.endedAt !== undefined)
    .filter((record) => {
      const placed = tree.find(record.key);
      return placed?.step.onFailure === 'stop' && !placed.closing;
    })
    .map((record) => Date.parse(record.endedAt ?? ''))
    .sort((a, b) => a - b);
  return failures[0] === undefined ? null : { at: failures[0], why: 'a step failed' };
}

/** Runs, and is never late: what it answers or waits for is asked when it runs. */
export function isControl(placed: Placed): boolean {
  const { type } = placed.step;
  return type === 'condition' || type === 'wait_for' || type === 'delay';
}
