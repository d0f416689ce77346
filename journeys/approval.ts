// Approval before sending: shown ahead of the due instant, with a deadline after it and a fallback.
import { formatInstant, type Instant } from './calendar.ts';
import { isMessage, type Step } from './definition.ts';
import type { Facts } from './facts.ts';
import { shift } from './offsets.ts';
import type { Draft, Planning } from './planning.ts';
import type { SkipReason, WaitingReason } from './reasons.ts';

/**
 * - `go`: not before `from`; `wakesAt` is when it will be shown for approval, where that is still to come.
 * - `wait`: nobody has decided; at `until` the fallback holds.
 * - `skip`: rejected, or not approved in time.
 */
export type ApprovalAnswer =
  | { kind: 'go'; from: Instant; wakesAt: Instant | null }
  | { kind: 'wait'; reason: WaitingReason; until: Instant }
  | { kind: 'skip'; reason: SkipReason; at: Instant };

const DEFAULT_AHEAD = { days: 2 };

/**
 * @param origin from what `ahead` and `deadline` count: the due instant, or the moment in which it became past
 * @returns null where the step needs no approval
 */
export function approvalOf(planning: Planning, draft: Draft, origin: Instant): ApprovalAnswer | null {
  const approval = approvalRule(draft.placed.step);
  if (!approval) return null;
  const deadline = shift(draft.zone, origin, approval.deadline);
  const decision = decisionOn(planning.facts, draft, -Infinity, deadline);
  if (decision) {
    const at = Math.max(origin, decision.at);
    if (decision.approved) return { kind: 'go', from: at, wakesAt: null };
    return { kind: 'skip', at, reason: { code: 'rejected', at: formatInstant(decision.at) } };
  }
  const { fallback } = approval;
  if (planning.now >= deadline) {
    if (fallback === 'send') return { kind: 'go', from: deadline, wakesAt: null };
    return {
      kind: 'skip',
      at: deadline,
      reason: { code: 'not_approved', deadline: formatInstant(deadline), fallback },
    };
  }
  const shownAt = shift(draft.zone, origin, approval.ahead ?? DEFAULT_AHEAD, -1);
  if (planning.now < shownAt) return { kind: 'go', from: origin, wakesAt: shownAt };
  return {
    kind: 'wait',
    until: deadline,
    reason: { code: 'needs_approval', until: formatInstant(deadline), fallback },
  };
}

/** The last decision on an occurrence between two instants, both included; a later one comes too late. */
export function decisionOn(
  facts: Facts,
  draft: Draft,
  from: Instant,
  until: Instant,
): { approved: boolean; at: Instant } | null {
  const { key } = draft.placed.step;
  const last = facts.approvals
    .filter((one) => one.key === key && one.occurrence === draft.occurrence)
    .map((one) => ({ approved: one.decision === 'approved', at: Date.parse(one.at) }))
    .filter((one) => from <= one.at && one.at <= until)
    .sort((a, b) => a.at - b.at)
    .at(-1);
  return last ?? null;
}

function approvalRule(step: Step) {
  if (!isMessage(step) || step.approval === undefined || step.approval === 'none') return null;
  return step.approval;
}
