import { errorIn, nothing, plain, refused, type Read } from './findings.ts';

/**
 * An IANA zone. Abbreviations are refused even where the platform would take them: BST is British, Bangladesh and
 * Bougainville time.
 */
export function readZone(text: string): Read<string> {
  if (text === '') return nothing;
  const known = Intl.supportedValuesOf('timeZone');
  if (text === 'UTC' || (text.includes('/') && isZone(text))) return plain(known.find(same(text)) ?? text);
  if (/^[A-Z]{2,5}$/.test(text)) {
    return refused(
      errorIn(
        'zone',
        'zone_abbreviation',
        `${text} is an abbreviation with several meanings; use a place such as Europe/London`,
      ),
    );
  }
  const near = nearest(text, known);
  return refused(
    errorIn(
      'zone',
      'zone_unknown',
      near === undefined
        ? `unknown time zone ${text}; use a place such as Europe/London`
        : `unknown time zone ${text}; did you mean ${near}?`,
    ),
  );
}

const same =
  (text: string) =>
  (name: string): boolean =>
    name.toLowerCase() === text.toLowerCase();

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** The zone, or the place of a zone, that differs by at most two letters. */
function nearest(text: string, known: readonly string[]): string | undefined {
  const wanted = text.toLowerCase().replaceAll(' ', '_');
  const distances = known.map((name) => {
    const place = name.slice(name.lastIndexOf('/') + 1);
    return { name, distance: Math.min(distance(wanted, name.toLowerCase()), distance(wanted, place.toLowerCase())) };
  });
  const best = distances.reduce((a, b) => (b.distance < a.distance ? b : a));
  return best.distance <= 2 ? best.name : undefined;
}

/** How many letters must be put in, left out or changed to make one of the other (Levenshtein). */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, other] of Array.from(b).entries()) {
      next.push(Math.min((row[j] ?? 0) + (letter === other ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
