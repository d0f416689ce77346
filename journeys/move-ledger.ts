import type { JourneyDefinition } from './definition.ts';
import { occurrenceId, takesEffect } from './effects.ts';
import type { Facts, Ledger, LedgerStep } from './facts.ts';
import { planJourney } from './plan-journey.ts';
import type { PlannedStep } from './plan.ts';

/**
 * The ledger of an execution after it has moved to another version: what was done stays done; steps which the new
 * version has behind `now` are recorded as skipped (`past`) and never run; what lies ahead is left to the plan. What
 * was already waiting for its turn at the same due instant (held, not approved, retried) still has it.
 *
 * @param now an instant, ISO 8601 with `Z`
 */
export function moveLedger(to: JourneyDefinition, facts: Facts, ledger: Ledger, now: string): Ledger {
  let moved = ledger;
  // A step recorded as skipped may uncover one that counts from it, hence again; each round records one at least.
  for (;;) {
    const behind = planJourney(to, facts, moved, now).steps.filter((step) => isBehind(step, moved, now));
    if (behind.length === 0) return moved;
    const recorded = new Set(behind.map(occurrenceId));
    const rows = behind.map((step): LedgerStep => skippedRow(step, now));
    moved = { steps: [...moved.steps.filter((row) => !recorded.has(occurrenceId(row))), ...rows] };
  }
}

function isBehind(
  { key, occurrence, type, state, dueAt, dependsOn }: PlannedStep,
  ledger: Ledger,
  now: string,
): boolean {
  // What counts from a step that has not ended has only a forecast, which is no moment that could lie behind.
  if (!takesEffect(type) || dueAt === null || dueAt >= now || dependsOn !== null) return false;
  if (state !== 'planned' && state !== 'held' && state !== 'waiting') return false;
  const row = ledger.steps.find((step) => step.key === key && step.occurrence === occurrence);
  return row?.dueAt !== dueAt;
}

function skippedRow({ key, occurrence, dueAt }: PlannedStep, now: string): LedgerStep {
  const reason = { code: 'past', was: dueAt };
  return { key, occurrence, state: 'skipped', dueAt, plannedAt: now, endedAt: now, reason };
}
