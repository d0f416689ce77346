// Occurrences of a repeated step follow one another.
import { createCandidate } from './candidates.ts';
import type { Anchored } from './anchors.ts';
import type { FieldReader } from './conditions.ts';
import { decide, earliest } from './decide.ts';
import { setDue } from './draft-step.ts';
import { endOfDraft } from './endings.ts';
import type { Draft, Planning, Verdict } from './planning.ts';

/**
 * What acts now ends now, not when it was due: the occurrences after it are counted anew from today, so that a step which
 * was late by weeks goes on in its rhythm instead of pouring out what was missed.
 *
 * @param drafts the occurrences of one step, each with its verdict
 */
export function followOn(planning: Planning, read: FieldReader, drafts: readonly Draft[], anchored: Anchored): void {
  if (anchored.kind !== 'known' || drafts.length < 2) return;
  // Only the first that has not ended can act: the others wait for it.
  const acting = drafts.findIndex((draft) => endOfDraft(draft) === null);
  const first = drafts[acting];
  if (!first || !actsLate(planning, first)) return;
  setDue(planning, drafts, anchored.origin, (draft) => (draft === first ? planning.now : (draft.due?.at ?? null)));
  for (const draft of drafts.slice(acting + 1)) {
    if (draft.verdict.kind === 'recorded') continue;
    const again = draft.due && createCandidate(planning, read, draft, draft.due, anchored);
    draft.verdict = again ? decide(planning, again) : awaitTurn(draft);
  }
}

/**
 * None is due before the one before it has ended: while that is held or waits for somebody, the next waits for it, and
 * nobody is asked about it yet.
 */
export function takeTurns(planning: Planning, drafts: readonly Draft[]): void {
  for (const [index, draft] of drafts.entries()) {
    const before = drafts[index - 1];
    const isOpen = before !== undefined && endOfDraft(before) === null;
    const { due, verdict } = draft;
    if (!isOpen || due === null || !actsOrAsks(verdict)) continue;
    if (due.at <= planning.now) draft.verdict = awaitTurn(draft);
    // Asked ahead of its due instant, it begins to wait in that.
    else if (verdict.kind === 'waiting') draft.verdict = { ...verdict, wakesAt: earliest(verdict.wakesAt, due.at) };
  }
}

function actsOrAsks({ kind, reason }: Verdict): boolean {
  return kind === 'go' || kind === 'skip' || reason.code === 'needs_answer' || reason.code === 'needs_approval';
}

/** Waiting for the occurrence before it. */
export function awaitTurn({ placed }: Draft): Verdict {
  const { key } = placed.step;
  return { kind: 'waiting', reason: { code: 'waiting_for_step', step: key }, dependsOn: key, wakesAt: null };
}

function actsLate({ now }: Planning, { verdict, due }: Draft): boolean {
  if (due === null || due.at >= now) return false;
  return (verdict.kind === 'go' && verdict.runAt <= now) || (verdict.kind === 'skip' && verdict.at <= now);
}
