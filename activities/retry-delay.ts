const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** After how many milliseconds a message that was not accepted is tried again, by the number of attempts so far. */
const LADDER_MS: readonly number[] = [
  MINUTE_MS,
  5 * MINUTE_MS,
  15 * MINUTE_MS,
  HOUR_MS,
  3 * HOUR_MS,
  6 * HOUR_MS,
  12 * HOUR_MS,
  24 * HOUR_MS,
];

/**
 * The wait before the next attempt, or null when there have been enough: about two days, as mail servers do
 * (RFC 5321 4.5.4.1 asks for 4 to 5 days between servers; a message of a journey is stale before that).
 *
 * @param attempts how many were made, at least 1
 * @param askedMs what the provider asked for (Retry-After); it is honoured where it is longer, up to a day
 */
export function retryDelayMs(attempts: number, askedMs = 0): number | null {
  const step = LADDER_MS[attempts - 1];
  return step === undefined ? null : Math.min(Math.max(step, askedMs), 24 * HOUR_MS);
}
