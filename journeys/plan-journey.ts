import { forecastOrigin, type Anchored } from './anchors.ts';
import { assertNever } from './assert-never.ts';
import { formatInstant, formatLocal, type Calendar } from './calendar.ts';
import { createCandidate, markSuperseded, type Candidate } from './candidates.ts';
import { decideWait } from './decide-wait.ts';
import { decide, decideMissing } from './decide.ts';
import type { JourneyDefinition } from './definition.ts';
import { draftStep, setDue, type DraftedStep } from './draft-step.ts';
import { endOfDraft } from './endings.ts';
import type { Facts, Ledger } from './facts.ts';
import { fieldReader } from './fields.ts';
import { nextAction } from './next-action.ts';
import type { Plan, PlannedStep } from './plan.ts';
import { startPlanning, type Draft, type Planning } from './planning.ts';
import { orderSends } from './send-order.ts';
import { awaitTurn, followOn, takeTurns } from './turns.ts';
import { forecastWait } from './wait-for.ts';

/**
 * Draws up the dated plan of one execution, with a reason for every line.
 *
 * Pure: the same answer for the same input, whatever the order of its keys; no clock, no randomness, no locale, no zone
 * of the machine. Planning again changes nothing, and what the ledger recorded never changes. Never throws for parsed
 * input.
 *
 * @param definition one immutable version of a journey, as `parseDefinition` gave it
 * @param facts what is known about the couple now, as `parseFacts` gave it
 * @param ledger what happened in this execution, as `parseLedger` gave it
 * @param now an instant, ISO 8601 with `Z`, to the second
 * @param calendar to be shared by many plans in a row; zones are looked up once
 */
export function planJourney(
  definition: JourneyDefinition,
  facts: Facts,
  ledger: Ledger,
  now: string,
  calendar?: Calendar,
): Plan {
  const planning = startPlanning(definition, facts, ledger, now, calendar);
  const read = fieldReader(planning);
  const forecasts: DraftedStep[] = [];
  const repeated: DraftedStep[] = [];
  const candidates: Candidate[] = [];

  // In list order: whether a step has ended is settled by the ledger alone, so whoever counts from it comes later.
  for (const placed of planning.tree.placed) {
    if (placed.closing && !planning.stop) continue;
    const { drafts, anchored } = draftStep(planning, placed);
    planning.drafts.set(placed.step.key, drafts);
    if (anchored.kind === 'known' && anchored.fromStart) planning.fromStart.add(placed.step.key);
    if (drafts.some(isWithoutForecast)) forecasts.push({ drafts, anchored });
    if (placed.step.repeat) repeated.push({ drafts, anchored });
    for (const draft of drafts) {
      if (draft.verdict.kind !== 'go') continue;
      if (anchored.kind === 'missing' || anchored.kind === 'postponed') {
        draft.verdict = decideMissing(planning, draft, anchored);
      } else if (anchored.kind === 'known' && placed.step.type === 'wait_for') {
        draft.verdict = decideWait(planning, read, draft, placed.step, anchored);
      } else if (draft.due) {
        candidates.push(createCandidate(planning, read, draft, draft.due, anchored));
      } else {
        draft.verdict = awaitTurn(draft);
      }
    }
  }

  markSuperseded(planning, candidates);
  for (const candidate of candidates) candidate.draft.verdict = decide(planning, candidate);
  for (const { drafts, anchored } of repeated) {
    followOn(planning, read, drafts, anchored);
    takeTurns(planning, drafts);
  }
  orderSends(
    planning,
    candidates.map(({ draft }) => draft),
  );
  for (const { drafts, anchored } of forecasts) forecast(planning, drafts, anchored);

  const drafts = [...planning.drafts.values()].flat();
  const isOver = drafts.every((draft) => endOfDraft(draft) !== null);
  return {
    status: planning.stop ? 'stopped' : isOver ? 'completed' : 'active',
    next: nextAction(planning, drafts, isOver),
    steps: drafts.map(toPlannedStep),
  };
}

/** Waiting for another step, or over before its time: its due instant is only a forecast. */
function isWithoutForecast({ verdict, due }: Draft): boolean {
  return due === null && (verdict.kind === 'waiting' || verdict.kind === 'over');
}

function forecast(planning: Planning, drafts: readonly Draft[], anchored: Anchored): void {
  const origin = forecastOrigin(anchored);
  if (!origin) return;
  for (const draft of drafts) {
    const { step } = draft.placed;
    if (step.type !== 'wait_for' || draft.verdict.kind === 'recorded') continue;
    const at = forecastWait(planning, draft, step, origin);
    draft.due = at === null ? null : { at, reason: { code: 'on_time' } };
  }
  if (drafts[0]?.placed.step.type !== 'wait_for') setDue(planning, drafts, origin);
}

function toPlannedStep({ placed, occurrence, verdict, due, zone }: Draft): PlannedStep {
  return {
    key: placed.step.key,
    occurrence,
    type: placed.step.type,
    state: stateOf(verdict),
    dueAt: due && formatInstant(due.at),
    runAt: verdict.kind === 'go' ? formatInstant(verdict.runAt) : null,
    local: due && formatLocal(zone, due.at),
    zone: due && zone.id,
    reason: verdict.reason,
    dependsOn: verdict.kind === 'waiting' ? verdict.dependsOn : null,
  };
}

function stateOf(verdict: Draft['verdict']): PlannedStep['state'] {
  switch (verdict.kind) {
    case 'recorded':
    case 'over':
      return verdict.state;
    case 'skip':
      return 'will_skip';
    case 'go':
      return 'planned';
    case 'waiting':
    case 'held':
      return verdict.kind;
    default:
      return assertNever(verdict);
  }
}
