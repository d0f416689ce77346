import { Context } from '@temporalio/activity';

const EVERY_MS = 3_000;

/**
 * Does the work of an activity and meanwhile tells the server every few seconds that this process lives, so that its
 * death is noticed as fast: within the heartbeat timeout of the activity, not at the end of its time.
 *
 * @param details what each heartbeat carries, for the next attempt and for whoever looks at the activity
 */
export async function whileBeating<T>(work: () => Promise<T>, details?: () => unknown): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => context.heartbeat(details?.()), EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
