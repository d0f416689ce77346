import { recallInWords, recallQueued } from '../../db/recall.ts';
import { stopExecution } from '../../db/stop-execution.ts';
import type { Trx } from '../../db/tenant.ts';
import { commandExecution, type Commander, type CommandResult } from './command.ts';

/** Ends an execution: nothing is sent from now on, what was unsent is skipped, closing steps run. */
export function endExecution(trx: Trx, by: Commander, executionId: string, reason: string): Promise<CommandResult> {
  return commandExecution(trx, by, executionId, 'stopped', async ({ facts }) => {
    const changed = facts.execution.stoppedAt === undefined;
    if (!changed) return { ok: true, executionId, changed, message: 'Stopped already.' };
    await stopExecution(trx, executionId, by.now, reason);
    const back = await recallQueued(trx, { executionId }, 'cancelled');
    return { ok: true, executionId, changed, message: `Stopped: ${reason}${recallInWords(back)}` };
  });
}
