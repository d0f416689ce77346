import { setTimeout as delay } from 'node:timers/promises';

/** For what is done beside many other things, each of which waits for the others. */
export const ALL_AT_ONCE_MS = 100_000;

/**
 * Looks again and again until `look` answers something other than null, undefined or false, or the time is over.
 *
 * @throws with what was hoped for and what was seen last
 */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | undefined | false>,
  timeoutMs = 45_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let seen: unknown;
  while (performance.now() < deadline) {
    const answer = await look().catch((error: unknown) => {
      seen = error;
      return null;
    });
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    await delay(50);
  }
  throw new Error(`Within ${timeoutMs / 1000} s it did not come true that ${what}.`, { cause: seen });
}
