import type { Logger } from 'pino';
import { z } from 'zod';

/** The input of a step's activity, in contrast to plans and commands. */
const stepRef = z.object({
  organizationId: z.string(),
  executionId: z.string(),
  key: z.string(),
  occurrence: z.number(),
});

type Activity = (input: never) => Promise<unknown>;

/**
 * Writes one line for every step that was carried out: which one of which organization, and how long it took. Ids and
 * the journey's own keys only; `requestId` is the word that the audit has for the same work.
 */
export function logSteps<T extends object>(activities: T, log: Logger): T {
  const logged =
    (activity: string, carryOut: Activity): Activity =>
    async (input) => {
      const begun = performance.now();
      const answer = await carryOut(input);
      const { success, data } = stepRef.safeParse(input);
      if (success) {
        const { organizationId, executionId, key: step, occurrence } = data;
        const requestId = `journey/${organizationId}/${executionId}`;
        const tookMs = Math.round(performance.now() - begun);
        log.info({ organizationId, requestId, activity, step, occurrence, tookMs }, 'a step was carried out');
      }
      return answer;
    };
  return Object.fromEntries(
    Object.entries(activities as Record<string, Activity>).map(([name, carryOut]) => [name, logged(name, carryOut)]),
  ) as unknown as T;
}
