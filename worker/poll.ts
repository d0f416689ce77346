import { setTimeout as delay } from 'node:timers/promises';

export interface PollOptions {
  /** How long to wait, in milliseconds, after a look that found nothing. */
  readonly idleMs: number;
  /** How long to wait after a look that failed. */
  readonly afterErrorMs: number;
  /** Told of every failure; the next look follows all the same. */
  readonly onError: (error: unknown) => void;
}

/** Something that looks again and again. */
export interface Poll {
  /** Lets the look under way finish, and begins no other. */
  stop(): Promise<void>;
}

/**
 * Looks for work again and again until it is stopped: at once where the last look found some, else after a rest.
 *
 * @param look does what it finds and answers with how much that was; the signal tells that it should come to an end
 */
export function poll(
  look: (signal: AbortSignal) => Promise<number>,
  { idleMs, afterErrorMs, onError }: PollOptions,
): Poll {
  const stopping = new AbortController();
  const { signal } = stopping;
  // Woken by the stop.
  const rest = (ms: number): Promise<void> => delay(ms, undefined, { signal }).catch(() => undefined);
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        if ((await look(signal)) === 0) await rest(idleMs);
      } catch (error) {
        onError(error);
        await rest(afterErrorMs);
      }
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
