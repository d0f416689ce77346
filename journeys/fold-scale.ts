/** A scale of days on which long stretches without anything take little room. */
export type FoldedScale = {
  /** Where each day with something stands, in units of one day; equal days have equal places. */
  readonly places: ReadonlyMap<number, number>;
  /** The stretches that were shortened: the days between which nothing is, and where the mark for them stands. */
  readonly folds: readonly { readonly fromDay: number; readonly toDay: number; readonly x: number }[];
  /** The place of the last day. */
  readonly width: number;
};

/** A gap longer than this is folded. */
const LONGEST_GAP = 10;
/** What a folded gap still takes. */
const FOLD_WIDTH = 4;

/** Folds the gaps between days. The first day stands at 0, and a later day always stands further on. */
export function foldScale(days: Iterable<number>): FoldedScale {
  const places = new Map<number, number>();
  const folds: { fromDay: number; toDay: number; x: number }[] = [];
  let last: { day: number; x: number } | null = null;
  for (const day of [...new Set(days)].sort((a, b) => a - b)) {
    const gap: number = last === null ? 0 : day - last.day;
    const x: number = last === null ? 0 : last.x + (gap > LONGEST_GAP ? FOLD_WIDTH : gap);
    if (last !== null && gap > LONGEST_GAP) folds.push({ fromDay: last.day, toDay: day, x: last.x + FOLD_WIDTH / 2 });
    places.set(day, x);
    last = { day, x };
  }
  return { places, folds, width: last?.x ?? 0 };
}
