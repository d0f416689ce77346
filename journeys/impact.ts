import type { JourneyDefinition } from './definition.ts';
import { byInstant, effectsOf, isAhead, momentOf, stepsByKey, type Moment } from './effects.ts';
import type { Facts, Ledger } from './facts.ts';
import { moveLedger } from './move-ledger.ts';
import { planJourney } from './plan-journey.ts';
import type { PlannedStep } from './plan.ts';

/** One couple on the journey, with the version it goes through now. */
export type ImpactExecution = {
  readonly executionId: string;
  readonly definition: JourneyDefinition;
  readonly facts: Facts;
  readonly ledger: Ledger;
};

export type ImpactKind = 'unchanged' | 'earlier' | 'later' | 'gained' | 'lost';

/** One step occurrence that is to come in one version or the other. */
export type ImpactStep = {
  readonly key: string;
  readonly occurrence: number;
  readonly name: string;
  readonly kind: ImpactKind;
  readonly before: Moment | null;
  readonly after: Moment | null;
};

export type CoupleImpact = {
  readonly executionId: string;
  readonly counts: Readonly<Record<ImpactKind, number>>;
  /** What differs, in the order of time; unchanged steps are only counted. */
  readonly steps: readonly ImpactStep[];
  /** Steps this couple has had already and that the new version no longer has, by name. */
  readonly hadAndRemoved: readonly string[];
};

export type Impact = {
  readonly couples: readonly CoupleImpact[];
  /** Couples for whom nothing changes, and those for whom something does. */
  readonly unchanged: number;
  readonly changed: number;
  /** Step occurrences over all couples. */
  readonly counts: Readonly<Record<ImpactKind, number>>;
};

/**
 * What publishing `version` would mean to each couple who is moved to it: what is to come today against what would be to
 * come, as the planner says. Steps that are not ahead (done, skipped, not taken) are no difference.
 *
 * @param now an instant, ISO 8601 with `Z`
 */
export function impact(version: JourneyDefinition, executions: readonly ImpactExecution[], now: string): Impact {
  const couples = executions.map((execution) => impactOnCouple(version, execution, now));
  const counts = noCounts();
  for (const couple of couples) for (const kind of KINDS) counts[kind] += couple.counts[kind];
  const unchanged = couples.filter(({ steps }) => steps.length === 0).length;
  return { couples, unchanged, changed: couples.length - unchanged, counts };
}

const KINDS = ['unchanged', 'earlier', 'later', 'gained', 'lost'] as const;

function noCounts(): Record<ImpactKind, number> {
  return { unchanged: 0, earlier: 0, later: 0, gained: 0, lost: 0 };
}

function impactOnCouple(version: JourneyDefinition, execution: ImpactExecution, now: string): CoupleImpact {
  const { executionId, definition, facts, ledger } = execution;
  const before = effectsOf(planJourney(definition, facts, ledger, now));
  const after = effectsOf(planJourney(version, facts, moveLedger(version, facts, ledger, now), now));
  const [oldSteps, newSteps] = [stepsByKey(definition), stepsByKey(version)];
  const ids = new Set([...after.keys(), ...before.keys()]);
  const steps = [...ids].flatMap((id): ImpactStep[] => {
    const [was, is] = [ahead(before.get(id)), ahead(after.get(id))];
    const step = is ?? was;
    if (step === null) return [];
    const name = (newSteps.get(step.key) ?? oldSteps.get(step.key))?.name ?? step.key;
    const moments = { before: was && momentOf(was), after: is && momentOf(is) };
    return [
      { key: step.key, occurrence: step.occurrence, name, kind: kindOf(moments.before, moments.after), ...moments },
    ];
  });
  const counts = noCounts();
  for (const { kind } of steps) counts[kind] += 1;
  const had = ledger.steps.filter(({ key, state }) => state === 'done' && oldSteps.has(key) && !newSteps.has(key));
  return {
    executionId,
    counts,
    steps: steps.filter(({ kind }) => kind !== 'unchanged').sort((a, b) => byInstant(at(a), at(b))),
    hadAndRemoved: [...new Set(had.map(({ key }) => oldSteps.get(key)?.name ?? key))],
  };
}

function ahead(step: PlannedStep | undefined): PlannedStep | null {
  return step !== undefined && isAhead(step) ? step : null;
}

/** A step whose moment becomes known is earlier than one that may never come, and the other way round. */
function kindOf(before: Moment | null, after: Moment | null): ImpactKind {
  if (before === null) return 'gained';
  if (after === null) return 'lost';
  if (before.at === after.at) return 'unchanged';
  if (before.at === null) return 'earlier';
  return after.at === null || after.at > before.at ? 'later' : 'earlier';
}

function at({ after, before }: ImpactStep): string | null {
  return (after ?? before)?.at ?? null;
}
