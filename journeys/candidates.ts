// The steps that stand on their own feet: when each could go, and everything that speaks against it, in the order of
// the rules.
import type { Anchored } from './anchors.ts';
import type { Instant } from './calendar.ts';
import { formatInstant } from './calendar.ts';
import { evaluate, firstField, type FieldReader } from './conditions.ts';
import type { Condition } from './definition.ts';
import { isMessage } from './definition.ts';
import { whenOpen, type Due } from './due.ts';
import { fieldReader } from './fields.ts';
import { latenessOf, latenessSkip, type Lateness } from './lateness.ts';
import { choosePayment, isPaid } from './payments.ts';
import { isControl, type Draft, type Planning } from './planning.ts';
import type { SkipReason } from './reasons.ts';

/** A step with a due instant, while it is decided whether it goes. */
export type Candidate = {
  readonly draft: Draft;
  readonly due: Due;
  readonly anchored: Anchored;
  readonly lateness: Lateness | null;
  /** Everything that stops it, the first cause first. */
  readonly skips: { reason: SkipReason; at: Instant }[];
};

export function createCandidate(
  planning: Planning,
  read: FieldReader,
  draft: Draft,
  due: Due,
  anchored: Anchored,
): Candidate {
  const lateness = latenessOf(planning, draft, due, anchored);
  const candidate: Candidate = { draft, due, anchored, lateness, skips: [] };
  addSkip(candidate, alreadyPaid(planning, draft));
  addSkip(candidate, onlyIf(planning, read, draft, due));
  addSkip(candidate, repeatEnded(planning, draft, due));
  addSkip(candidate, latenessSkip(lateness, due));
  addSkip(candidate, pastUseful(planning, draft, due));
  return candidate;
}

/** A skip is recorded when the step would have been due, unless what caused it came later. */
export function addSkip(candidate: Candidate, reason: SkipReason | null, at: Instant = candidate.due.at): void {
  if (reason) candidate.skips.push({ reason, at });
}

function alreadyPaid(planning: Planning, draft: Draft): SkipReason | null {
  const { when = {} } = draft.placed.step;
  const [anchor, kind] = when.anchor?.split(':') ?? [];
  if (anchor !== 'payment_due' || when.whenPaid === 'send' || isControl(draft.placed)) return null;
  const payment = choosePayment(planning.facts, kind);
  return payment && isPaid(payment) ? { code: 'already_paid', payment: payment.kind } : null;
}

/** Checked when due: until then what it asks for may still come about. */
function onlyIf(planning: Planning, read: FieldReader, draft: Draft, due: Due): SkipReason | null {
  const condition: Condition | undefined = draft.placed.step.onlyIf;
  if (!condition || due.at > planning.now) return null;
  const { holds, missing } = evaluate(condition, read);
  if (holds) return null;
  return { code: 'only_if', field: firstField(condition), ...(missing.length > 0 && { missing: [...missing] }) };
}

/** Foreseen by what is known now, with the days to the wedding counted from the due instant. */
function repeatEnded(planning: Planning, draft: Draft, due: Due): SkipReason | null {
  const until = draft.placed.step.repeat?.until;
  if (!until) return null;
  const read = fieldReader(planning, Math.max(due.at, planning.now));
  return evaluate(until, read).holds ? { code: 'repeat_ended' } : null;
}

/** Foreseen where the due instant itself lies past its use. Whether it goes in time is known once it has its place. */
function pastUseful(planning: Planning, { endOfUse }: Draft, due: Due): SkipReason | null {
  if (endOfUse === null || Math.max(due.at, planning.now) < endOfUse) return null;
  return { code: 'past_useful', usefulUntil: formatInstant(endOfUse) };
}

/**
 * Of the past messages with `latest` only the latest due goes; of two at the same instant the later in the list. One
 * that went already as the latest keeps the earlier ones from following it.
 */
export function markSuperseded(planning: Planning, candidates: readonly Candidate[]): void {
  const rivals = candidates.filter(
    ({ draft, lateness, skips }) =>
      lateness?.policy === 'latest' &&
      skips.length === 0 &&
      isMessage(draft.placed.step) &&
      !opensTooLate(planning, draft),
  );
  const sent = sentAsLatest(planning);
  const latest = [...rivals.map(({ draft, due }) => ({ draft, at: due.at })), ...sent].reduce<Rival | null>(
    (best, one) => (best === null || isLater(one, best) ? one : best),
    null,
  );
  for (const rival of rivals) {
    if (latest && rival.draft !== latest.draft) {
      addSkip(rival, { code: 'superseded', by: latest.draft.placed.step.key });
    }
  }
}

/** Too late to be of use when the send window opens next: it keeps nobody else from going. */
function opensTooLate(planning: Planning, { placed, zone, endOfUse }: Draft): boolean {
  return endOfUse !== null && whenOpen(placed.step, planning.now, zone, planning.facts.organization) >= endOfUse;
}

type Rival = { readonly draft: Draft; readonly at: Instant };

function sentAsLatest(planning: Planning): Rival[] {
  return [...planning.drafts.values()].flat().flatMap((draft) => {
    const { verdict, due, placed } = draft;
    const isLatest = isMessage(placed.step) && placed.step.when?.ifPast === 'latest';
    const wentLate = verdict.kind === 'recorded' && verdict.state === 'done' && verdict.reason.code === 'caught_up';
    return isLatest && wentLate && due ? [{ draft, at: due.at }] : [];
  });
}

function isLater(one: Rival, other: Rival): boolean {
  if (one.at !== other.at) return one.at > other.at;
  const [a, b] = [one.draft, other.draft];
  return a.placed.index !== b.placed.index ? a.placed.index > b.placed.index : a.occurrence > b.occurrence;
}
