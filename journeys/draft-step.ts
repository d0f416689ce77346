// The occurrences of one step: what the ledger has of it, and what is still to come, each with its due instant.
import { assertNever } from './assert-never.ts';
import { anchorOf, type Anchored } from './anchors.ts';
import { barrierOf } from './barriers.ts';
import type { Instant, Zone } from './calendar.ts';
import { isMessage, type When } from './definition.ts';
import { dueAt, endOfUse, type Due, type Origin } from './due.ts';
import { endOfDraft } from './endings.ts';
import type { LedgerStep } from './facts.ts';
import type { Placed } from './journey-tree.ts';
import type { Draft, Planning, Verdict } from './planning.ts';
import { nextInRhythm } from './rhythm.ts';
import { isReasonCode, type Reason } from './reasons.ts';
import { zoneOf } from './recipients.ts';
import { sentForAnotherDate } from './sent-for-another-date.ts';

/** A step in the plan: its occurrences, and what they count from. */
export type DraftedStep = { readonly drafts: Draft[]; readonly anchored: Anchored };

/** Where nothing has been decided yet. */
const UNDECIDED: Verdict = { kind: 'go', runAt: 0, reason: { code: 'on_time' }, wakesAt: null };

export function draftStep(planning: Planning, placed: Placed): DraftedStep {
  const { step } = placed;
  const { facts, calendar } = planning;
  const zone = calendar.zone(zoneOf(step, step.when?.zone, facts));
  const anchored = anchorOf(planning, placed, step.when ?? {});
  const barrier = barrierOf(planning, placed, anchored);
  const records = planning.recordsOf(step.key);

  const draft = (occurrence: number): Draft => {
    const record = records.find((one) => one.occurrence === occurrence);
    const recorded = record && recordedVerdict(record);
    return {
      placed,
      occurrence,
      record,
      zone,
      due: recorded && record.dueAt !== null ? { at: Date.parse(record.dueAt), reason: { code: 'on_time' } } : null,
      endOfUse: null,
      verdict: recorded ?? barrier ?? UNDECIDED,
    };
  };

  const lastEnded = records.findLast((record) => recordedVerdict(record) !== null)?.occurrence ?? 0;
  const count = Math.max(step.repeat?.times ?? 1, lastEnded);
  const drafts = Array.from({ length: count }, (_, index) => draft(index + 1));
  if (anchored.kind === 'known' && step.type !== 'wait_for') setDue(planning, drafts, anchored.origin);
  if (anchored.kind === 'known' && !barrier && isResent(planning, placed, anchored, zone)) {
    const again = draft(lastEnded + 1);
    again.due = dueAt(step, step.when ?? {}, anchored.origin, zone, facts.organization);
    again.endOfUse = endOfUse(step.when ?? {}, anchored.origin, zone);
    drafts.push(again);
  }
  return { drafts, anchored };
}

/**
 * Gives every occurrence that has not ended its due instant, counted from `origin`.
 *
 * @param forecast when an occurrence that has not ended will end, for the one after it
 */
export function setDue(
  planning: Planning,
  drafts: readonly Draft[],
  origin: Origin,
  forecast: (draft: Draft) => Instant | null = (draft) => draft.due?.at ?? null,
): void {
  const [first] = drafts;
  if (!first || drafts.every(({ verdict }) => verdict.kind === 'recorded')) return;
  const { step } = first.placed;
  const { organization } = planning.facts;
  const when: When = step.when ?? {};
  const firstDue = dueAt(step, when, origin, first.zone, organization);
  const end = endOfUse(when, origin, first.zone);
  let before: Instant | null = null;
  for (const draft of drafts) {
    if (draft.verdict.kind !== 'recorded') {
      draft.due = due(draft, firstDue, before);
      draft.endOfUse = end;
    }
    before = endOfDraft(draft) ?? forecast(draft);
  }

  function due(draft: Draft, firstOne: Due, end: Instant | null): Due | null {
    if (draft.occurrence === 1) return firstOne;
    return end === null ? null : nextInRhythm(step, firstOne.at, end, draft.zone, organization);
  }
}

/** `onDateChange: resend`: what was sent for another date goes again, as a new occurrence. */
function isResent(planning: Planning, placed: Placed, anchored: Anchored, zone: Zone): boolean {
  const { step } = placed;
  if (!isMessage(step) || step.onDateChange !== 'resend') return false;
  return sentForAnotherDate(planning, step, anchored, zone) !== null;
}

/** What the ledger has ended, and never changes; null for what it only planned. */
function recordedVerdict(record: LedgerStep): Verdict | null {
  const { state } = record;
  switch (state) {
    case 'done':
    case 'skipped':
    case 'failed':
    case 'not_taken':
      return { kind: 'recorded', state, reason: reasonOf(record), at: Date.parse(endOf(record)) };
    case 'unknown':
      return { kind: 'recorded', state, reason: reasonOf(record), at: null };
    case 'planned':
    case 'waiting':
    case 'held':
    case 'will_skip':
      return null;
    default:
      return assertNever(state);
  }
}

function endOf(record: LedgerStep): string {
  return record.endedAt ?? record.dueAt ?? record.plannedAt ?? '1970-01-01T00:00:00Z';
}

function reasonOf(record: LedgerStep): Reason {
  const { reason, state, key } = record;
  if (reason && isReasonCode(reason.code)) return reason as Reason;
  if (state === 'done' || state === 'failed' || state === 'unknown') return { code: state };
  return state === 'not_taken' ? { code: 'dependency_not_taken', step: key } : { code: 'by_person' };
}
