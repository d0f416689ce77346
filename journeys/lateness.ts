// Steps whose due instant is gone: past when it became what it is, or missed while everything was held.
import { isNegative, shift } from './offsets.ts';
import { formatInstant, type Instant } from './calendar.ts';
import type { Anchored } from './anchors.ts';
import type { Due } from './due.ts';
import { isControl, type Draft, type Planning } from './planning.ts';
import type { SkipReason } from './reasons.ts';

/** Why a step is late, since when that is so, and what is to be done about it. */
export type Lateness = {
  readonly kind: 'past' | 'missed_while_held';
  readonly since: Instant;
  readonly policy: 'send' | 'latest' | 'ask' | 'skip';
};

/** Null for what is in time, or overdue only because nobody was there to run it. */
export function latenessOf(planning: Planning, draft: Draft, due: Due, anchored: Anchored): Lateness | null {
  if (isControl(draft.placed)) return null;
  return pastOf(planning, draft, due, anchored) ?? missedOf(planning, draft, due);
}

/** The reason for skipping what is late, where its policy says so. */
export function latenessSkip(lateness: Lateness | null, due: Due): SkipReason | null {
  if (lateness?.policy !== 'skip') return null;
  return { code: lateness.kind, was: formatInstant(due.at) };
}

/**
 * When the due instant became what it is: the moment it was planned, if the ledger has the same instant, else now.
 */
export function plannedAtOf(planning: Planning, draft: Draft, due: Instant | null): Instant {
  const { record } = draft;
  if (!record || record.plannedAt === null) return planning.now;
  const recorded = record.dueAt === null ? null : Date.parse(record.dueAt);
  return recorded === due ? Date.parse(record.plannedAt) : planning.now;
}

/** Strictly before it became what it is. What counts from an instant and does not go back is never past, it is due. */
function pastOf(planning: Planning, draft: Draft, due: Due, anchored: Anchored): Lateness | null {
  const when = draft.placed.step.when ?? {};
  const isDated = anchored.kind === 'known' && anchored.movable !== null;
  if (!isDated && !isNegative(when.offset)) return null;
  const since = plannedAtOf(planning, draft, due.at);
  if (due.at >= since) return null;
  const { ifPast = 'skip' } = when;
  if (ifPast === 'send_now') return { kind: 'past', since, policy: 'send' };
  if (typeof ifPast === 'string') return { kind: 'past', since, policy: ifPast };
  const allowed = shift(draft.zone, due.at, ifPast.within);
  return { kind: 'past', since, policy: since <= allowed ? 'send' : 'skip' };
}

/** Fell due between the beginning and the end of a hold. What was tried already is not missed. */
function missedOf(planning: Planning, draft: Draft, due: Due): Lateness | null {
  const { resumed } = planning.facts.execution;
  if (!resumed || draft.record?.nextAttemptAt !== undefined) return null;
  const at = Date.parse(resumed.at);
  const fellDue = Date.parse(resumed.since) <= due.at && due.at < at && at <= planning.now;
  return fellDue ? { kind: 'missed_while_held', since: at, policy: resumed.late } : null;
}
