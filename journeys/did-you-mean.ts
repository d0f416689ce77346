/**
 * The known word that was probably meant, or null where none is near: the same letters in another case first, then at
 * most two slips of the hand (one in short words, none in words of two letters). Long input is not compared: nobody
 * mistypes sixty letters.
 */
export function didYouMean(word: string, known: Iterable<string>): string | null {
  if (word.length > 60) return null;
  const folded = fold(word);
  let best: string | null = null;
  let bestDistance = folded.length <= 2 ? 1 : folded.length <= 4 ? 2 : 3;
  for (const candidate of known) {
    const distance = fold(candidate) === folded ? 0 : editDistance(folded, fold(candidate), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[_\s-]/g, '');
}

/** Levenshtein distance in which two neighbours that changed places count once; gives up at `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let smallest = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
      smallest = Math.min(smallest, cost);
    }
    if (smallest >= limit) return limit;
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? limit;
}
