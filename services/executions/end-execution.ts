import { stopExecution } from '../../db/stop-execution.ts';
import type { Trx } from '../../db/tenant.ts';
import { commandExecution, type Commander, type CommandResult } from './command.ts';

/** Ends an execution: nothing is sent from now on, what was unsent is skipped, closing steps run. */
export function endExecution(trx: Trx, by: Commander, executionId: string, reason: string): Promise<CommandResult> {
  return commandExecution(trx, by, executionId, 'stopped', async ({ facts }) => {
    const changed = facts.execution.stoppedAt === undefined;
    if (changed) await stopExecution(trx, executionId, by.now, reason);
    return { ok: true, executionId, changed, message: changed ? `Stopped: ${reason}` : 'Stopped already.' };
  });
}
