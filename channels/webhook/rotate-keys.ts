const HOUR_MS = 3_600_000;
/** For how long the old key signs beside the new one. */
export const OVERLAP = { defaultMs: 24 * HOUR_MS, longestMs: 7 * 24 * HOUR_MS } as const;
/** More signatures than this would only make the header long: the oldest end first. */
const MOST_LIVE = 3;

/** A stored key without its secret: when it was made and until when it signs. */
export type KeyLife = { id: string; createdAt: Date; expiresAt: Date | null };

/** The keys that sign at `now`, the newest first, at most three. */
export function liveKeys<Key extends KeyLife>(keys: readonly Key[], now: Date): Key[] {
  return keys
    .filter((key) => key.expiresAt === null || key.expiresAt > now)
    .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
    .slice(0, MOST_LIVE);
}

/**
 * Which keys get which end when a new one is added at `now`: each live one ends after the overlap (0 to seven days;
 * 0 for a secret that leaked), never later than it would have; of more than two old ones the oldest end at once.
 */
export function retireKeys(keys: readonly KeyLife[], now: Date, overlapMs: number = OVERLAP.defaultMs): KeyLife[] {
  if (overlapMs < 0 || overlapMs > OVERLAP.longestMs) {
    throw new RangeError('Old and new secret may be valid side by side for zero hours to seven days.');
  }
  const overlapEnd = new Date(now.getTime() + overlapMs);
  return liveKeys(keys, now).map((key, age) => {
    const end = age >= MOST_LIVE - 1 ? now : overlapEnd;
    return { ...key, expiresAt: key.expiresAt !== null && key.expiresAt < end ? key.expiresAt : end };
  });
}
