// What the worker does next: the step that is ready longest, or wait, or nothing any more.
import { assertNever } from './assert-never.ts';
import { formatInstant, type Instant } from './calendar.ts';
import type { NextAction } from './plan.ts';
import type { Draft, Planning } from './planning.ts';

/** @param drafts in list order */
export function nextAction(planning: Planning, drafts: readonly Draft[], isFinished: boolean): NextAction {
  let ready: { draft: Draft; since: Instant } | null = null;
  let until = Infinity;
  for (const draft of drafts) {
    const since = readySince(draft);
    if (since !== null && since <= planning.now) {
      if (ready === null || since < ready.since) ready = { draft, since };
      continue;
    }
    for (const at of changesOf(draft)) if (at > planning.now) until = Math.min(until, at);
  }
  if (ready) return { kind: 'run', key: ready.draft.placed.step.key, occurrence: ready.draft.occurrence };
  if (isFinished) return { kind: 'finished' };
  return { kind: 'wait', until: until === Infinity ? null : formatInstant(until) };
}

/** When something is to be done about a step: run it, or record that it is skipped. */
function readySince({ verdict }: Draft): Instant | null {
  if (verdict.kind === 'go') return verdict.runAt;
  return verdict.kind === 'skip' ? verdict.at : null;
}

/** The moments at which something about a step can change by itself. */
function changesOf({ verdict }: Draft): Instant[] {
  switch (verdict.kind) {
    case 'go':
      return verdict.wakesAt === null ? [verdict.runAt] : [verdict.runAt, verdict.wakesAt];
    case 'skip':
      return [verdict.at];
    case 'waiting':
    case 'held':
      return verdict.wakesAt === null ? [] : [verdict.wakesAt];
    case 'recorded':
    case 'over':
      return [];
    default:
      return assertNever(verdict);
  }
}
