// When a step, or a whole arm, has ended, for what counts from it.
import type { Instant } from './calendar.ts';
import type { Placed } from './journey-tree.ts';
import type { Draft, Planning } from './planning.ts';

export type Ending =
  | { readonly kind: 'ended'; readonly at: Instant }
  | { readonly kind: 'not_taken'; readonly step: string }
  /** `step`: what has not ended yet. `forecast` answers once everything before has been decided. */
  | { readonly kind: 'open'; readonly step: string; readonly forecast: () => Instant | null };

/** The end of a step with all its occurrences, without what stands on its arms. */
export function endOfStep(planning: Planning, placed: Placed): Ending {
  const { key } = placed.step;
  const drafts = planning.drafts.get(key) ?? [];
  const ends = drafts.map(endOfDraft);
  if (ends.length === 0 || ends.includes(null)) {
    return { kind: 'open', step: key, forecast: () => forecastOfStep(planning, placed) };
  }
  if (drafts.every(isNotTaken)) return { kind: 'not_taken', step: key };
  return { kind: 'ended', at: latest(ends) ?? planning.startedAt };
}

/** The end of a step, and of the arm that was taken after it: the last end once every step of that arm has ended. */
export function endOfBlock(planning: Planning, placed: Placed): Ending {
  const own = endOfStep(planning, placed);
  if (own.kind !== 'ended') return own;
  const arm = outcomeOf(planning, placed.step.key);
  const onArm = arm === 'yes' || arm === 'no' ? planning.tree.onArm(placed.step.key, arm) : [];
  const ends = onArm.map((one) => endOfBlock(planning, one)).filter((end) => end.kind !== 'not_taken');
  const open = ends.filter((end) => end.kind === 'open');
  const ended = ends.filter((end) => end.kind === 'ended').map((end) => end.at);
  if (open[0]) {
    return {
      kind: 'open',
      step: open[0].step,
      forecast: () => latest([...ended, ...open.map((end) => end.forecast())]),
    };
  }
  return { kind: 'ended', at: latest(ended) ?? own.at };
}

/** What a condition or a wait has answered, by the ledger. */
export function outcomeOf(planning: Planning, key: string): string | undefined {
  return planning.recordsOf(key).findLast((record) => record.state === 'done')?.outcome;
}

/** True where nothing of a step was sent: each of its occurrences was skipped. */
export function wasSkipped(planning: Planning, placed: Placed): boolean {
  const drafts = planning.drafts.get(placed.step.key) ?? [];
  return drafts.length > 0 && drafts.every(({ verdict }) => 'state' in verdict && verdict.state === 'skipped');
}

/** True where a step ended because the execution or its stage did. */
export function endedFromOutside(planning: Planning, placed: Placed): boolean {
  const last = planning.drafts.get(placed.step.key)?.at(-1)?.verdict;
  const code = last && 'state' in last ? last.reason.code : undefined;
  return code === 'stopped' || code === 'stage_ended';
}

/** When an occurrence ended; null while it has not. */
export function endOfDraft({ verdict }: Draft): Instant | null {
  if (verdict.kind === 'over') return verdict.at;
  return verdict.kind === 'recorded' ? verdict.at : null;
}

function isNotTaken({ verdict }: Draft): boolean {
  return 'state' in verdict && verdict.state === 'not_taken';
}

/** As if what has not ended ended when due; what will be skipped is skipped when due, or now where that is later. */
function forecastOfStep(planning: Planning, placed: Placed): Instant | null {
  const drafts = planning.drafts.get(placed.step.key) ?? [];
  return latest(
    drafts.map((draft) => {
      const ended = endOfDraft(draft);
      if (ended !== null) return ended;
      const due = draft.due?.at ?? null;
      return draft.verdict.kind === 'skip' ? Math.max(due ?? planning.now, planning.now) : due;
    }),
  );
}

/** The latest; null where one is not known, and of none. */
function latest(instants: readonly (Instant | null)[]): Instant | null {
  const known = instants.filter((instant) => instant !== null);
  return known.length < instants.length || known.length === 0 ? null : Math.max(...known);
}
