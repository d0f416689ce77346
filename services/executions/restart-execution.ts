import { insertExecution, publishedVersion } from '../../db/enrolments.ts';
import { closeExecution } from '../../db/stop-execution.ts';
import type { Trx } from '../../db/tenant.ts';
import { commandExecution, refuse, wakeExecution, type Commander, type CommandResult } from './command.ts';

/**
 * Begins a journey again for a couple, from its start, on the version that is published now. The execution before it is
 * stopped; its closing steps do not run, because the journey goes on.
 *
 * @param commandId the same id twice makes one execution
 */
export function restartExecution(
  trx: Trx,
  by: Commander,
  executionId: string,
  commandId: string,
): Promise<CommandResult> {
  return commandExecution(
    trx,
    by,
    executionId,
    'restarted',
    async ({ journeyId, clientId, facts, journeyName }) => {
      const version = await publishedVersion(trx, journeyId);
      if (version === null) return refuse('no_such_journey', `"${journeyName}" is not published any more.`);
      await closeExecution(trx, executionId, { status: 'stopped', at: by.now, reason: 'Restarted' });
      if (by.fromWorkflow !== true) await wakeExecution(trx, executionId);
      const trigger = facts.execution.trigger;
      const next = await insertExecution(trx, {
        journeyId,
        journeyVersionId: version.journeyVersionId,
        clientId,
        triggerKey: `restart/${commandId}`,
        triggerEvent: trigger?.event ?? 'manual',
        triggerRef: trigger?.ref ?? null,
        triggerAt: new Date(by.now),
        triggerDetails: {},
        startedAt: new Date(by.now),
        unlessEarlier: 'no_matter',
      });
      if (next === null) return { ok: true, executionId, changed: false, message: 'Restarted already.' };
      // Of the workflow that commands this one is not: nobody else would begin it.
      if (by.fromWorkflow === true) await wakeExecution(trx, next);
      return { ok: true, executionId: next, changed: true, message: `"${version.name}" begins again.` };
    },
    true,
  );
}
