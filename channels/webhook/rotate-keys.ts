const HOUR_MS = 3_600_000;
/** For how long the old secret signs beside the new one. */
export const OVERLAP = { defaultMs: 24 * HOUR_MS, longestMs: 7 * 24 * HOUR_MS } as const;

/** An endpoint's secrets: the one that signs, and the one before it until its time is over. */
export type EndpointSecrets<Secret> = {
  current: Secret;
  previous: { secret: Secret; until: Date } | null;
};

/** The secrets that sign at `now`, the newest first. */
export function liveSecrets<Secret>({ current, previous }: EndpointSecrets<Secret>, now: Date): Secret[] {
  return previous !== null && previous.until > now ? [current, previous.secret] : [current];
}

/**
 * The secrets after a rotation at `now`. The old one signs beside the new one for the overlap (0 to seven days; 0 for a
 * secret that leaked); the one before it ends at once, so that there are never more than two.
 */
export function rotateSecret<Secret>(
  secrets: EndpointSecrets<Secret>,
  next: Secret,
  now: Date,
  overlapMs: number = OVERLAP.defaultMs,
): EndpointSecrets<Secret> {
  if (!(overlapMs >= 0 && overlapMs <= OVERLAP.longestMs)) {
    throw new RangeError('Old and new secret may be valid side by side for zero hours to seven days.');
  }
  const until = new Date(now.getTime() + overlapMs);
  return { current: next, previous: overlapMs === 0 ? null : { secret: secrets.current, until } };
}
