// Decides on each step that stands on its own feet, one at a time; what several messages decide among themselves
// (catching up, the daily cap) comes after it, in send-order.ts.
import type { Anchored } from './anchors.ts';
import { assertNever } from './assert-never.ts';
import { approvalOf, decisionOn } from './approval.ts';
import { formatInstant, type Instant } from './calendar.ts';
import { addSkip, type Candidate } from './candidates.ts';
import { isMessage } from './definition.ts';
import { whenOpen } from './due.ts';
import { givingUpAt } from './give-up.ts';
import { endOfPause, pauseOf, settlesAt, settling } from './holds.ts';
import type { Draft, Planning, Verdict } from './planning.ts';
import type { PlannedReason } from './reasons.ts';
import { unreachable } from './recipients.ts';

/** A step still unsent so long after its due instant is overdue. */
const OVERDUE_MS = 60_000;

/** What becomes of a candidate, once it is clear which of the late ones are superseded. */
export function decide(planning: Planning, candidate: Candidate): Verdict {
  const { draft, due, lateness } = candidate;
  const { step } = draft.placed;
  // A pause freezes whatever is due: nothing goes, nothing is skipped, no deadline runs out.
  const pause = pauseOf(planning, draft.placed);
  if (pause && due.at <= planning.now) return { kind: 'held', reason: pause, wakesAt: endOfPause(pause) };
  // Both may change what becomes of a step at the moment in which it falls due.
  const isAskedWhenDue = due.at > planning.now && (pause !== null || step.onlyIf !== undefined);
  const asked = lateness?.policy === 'ask' ? decisionOn(planning.facts, draft, lateness.since, Infinity) : null;
  if (isMessage(step)) addSkip(candidate, unreachable(step, planning.facts));
  if (asked && !asked.approved) {
    addSkip(candidate, { code: 'rejected', at: formatInstant(asked.at) }, Math.max(due.at, asked.at));
  }
  // Whoever is asked whether it should still go says with the answer that it may.
  const approval = lateness?.policy === 'ask' ? null : approvalOf(planning, draft, lateness?.since ?? due.at);
  if (approval?.kind === 'skip') addSkip(candidate, approval.reason, approval.at);
  return settle(planning, candidate, beforeSettling());

  function beforeSettling(): Verdict {
    const [first, ...others] = candidate.skips;
    if (first) {
      const codes = [first, ...others].flatMap(({ reason }) => [reason.code, ...(reason.also ?? [])]);
      const also = [...new Set(codes)].slice(1);
      return { kind: 'skip', at: first.at, reason: { ...first.reason, ...(also.length > 0 && { also }) } };
    }
    if (lateness?.policy === 'ask' && !asked) {
      const reason = { code: 'needs_answer', question: lateness.kind, was: formatInstant(due.at) } as const;
      return { kind: 'held', reason, wakesAt: draft.endOfUse };
    }
    if (approval?.kind === 'wait') {
      return {
        kind: 'waiting',
        reason: approval.reason,
        dependsOn: null,
        wakesAt: earliest(approval.until, draft.endOfUse, isAskedWhenDue ? due.at : null),
      };
    }
    return go(planning, candidate, approval?.kind === 'go' ? approval : null);
  }
}

/** A missing anchor: waiting, or skipped by `ifMissing`, or given up. */
export function decideMissing(
  planning: Planning,
  draft: Draft,
  anchored: Extract<Anchored, { kind: 'missing' | 'postponed' }>,
): Verdict {
  const field = anchored.kind === 'missing' ? anchored.field : 'client.weddingOn';
  const wakesAt = givingUpAt(planning);
  const isSkipped = anchored.kind === 'missing' && draft.placed.step.when?.ifMissing === 'skip';
  if (isSkipped || planning.now >= wakesAt) {
    const until = anchored.kind === 'missing' ? settlesAt(planning, draft, null, anchored.movable) : null;
    if (until !== null) return { kind: 'held', reason: settling(until), wakesAt: until };
    return isSkipped
      ? { kind: 'skip', reason: { code: 'if_missing', field }, at: planning.now }
      : { kind: 'skip', reason: { code: 'never_came', field }, at: wakesAt };
  }
  const reason =
    anchored.kind === 'postponed' ? ({ code: 'postponed' } as const) : ({ code: 'anchor_missing', field } as const);
  return { kind: 'waiting', reason, dependsOn: null, wakesAt };
}

/**
 * What a change of date made due or past acts only once the date has been still. An act that is further off than that
 * is left where it is.
 */
export function settle(planning: Planning, candidate: Candidate, verdict: Verdict): Verdict {
  const { anchored, draft, due } = candidate;
  const movable = anchored.kind === 'known' ? anchored.movable : null;
  const until = settlesAt(planning, draft, due.at, movable);
  if (until === null) return verdict;
  const held: Verdict = { kind: 'held', reason: settling(until), wakesAt: until };
  switch (verdict.kind) {
    case 'skip':
      return verdict.at <= planning.now ? held : { ...verdict, at: Math.max(verdict.at, until) };
    case 'go':
      if (verdict.runAt <= planning.now) return held;
      return verdict.runAt >= until ? verdict : { ...verdict, runAt: open(planning, draft, until) };
    case 'waiting':
    case 'held':
      return due.at <= planning.now ? held : verdict;
    case 'recorded':
    case 'over':
      return verdict;
    default:
      return assertNever(verdict);
  }
}

/** When it goes by itself: at its due instant, after a decision, at its next attempt, or now, as the window allows. */
function go(
  planning: Planning,
  candidate: Candidate,
  approval: { from: Instant; wakesAt: Instant | null } | null,
): Verdict {
  const { draft, due, lateness } = candidate;
  const { now } = planning;
  const nextAttempt = draft.record?.nextAttemptAt;
  const wakesAt = approval?.wakesAt ?? null;
  if (nextAttempt !== undefined) {
    const at = Math.max(due.at, Date.parse(nextAttempt));
    const known = draft.record?.reason?.['problem'];
    const problem = typeof known === 'string' ? { problem: known } : {};
    const reason: PlannedReason = { code: 'retry', attempts: draft.record?.attempts ?? 1, ...problem };
    return { kind: 'go', runAt: notLaterThanOpen(planning, draft, at), reason, wakesAt };
  }
  if (lateness) {
    const reason: PlannedReason = { code: 'caught_up', was: formatInstant(due.at) };
    return { kind: 'go', runAt: open(planning, draft, now), reason, wakesAt };
  }
  const from = Math.max(due.at, approval?.from ?? due.at);
  const isOverdue = now - due.at >= OVERDUE_MS;
  const reason: PlannedReason = isOverdue ? { code: 'overdue', was: formatInstant(due.at) } : due.reason;
  return { kind: 'go', runAt: notLaterThanOpen(planning, draft, from, due.at), reason, wakesAt };
}

/**
 * Whatever goes later than its due instant asks the window again: where it may go now (or at the moment that is still to
 * come) it keeps that moment, otherwise it goes at the next opening.
 */
function notLaterThanOpen(planning: Planning, draft: Draft, at: Instant, due?: Instant): Instant {
  const { now } = planning;
  if (at > now) return at === due ? at : open(planning, draft, at);
  const opening = open(planning, draft, now);
  return opening === now || (at === now && at === due) ? at : opening;
}

function open(planning: Planning, draft: Draft, at: Instant): Instant {
  return whenOpen(draft.placed.step, at, draft.zone, planning.facts.organization);
}

/** The first of them; null is no instant. */
export function earliest(...instants: (Instant | null)[]): Instant {
  return Math.min(...instants.map((instant) => instant ?? Infinity));
}
