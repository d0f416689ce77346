import { toInstant } from '../activities/clock.ts';
import type { Command, JourneyActivities } from '../activities/next-action.ts';
import type { StepDependencies } from '../activities/step-effect.ts';
import { withTenant, type Trx } from '../db/tenant.ts';
import { assertNever } from '../journeys/assert-never.ts';
import type { Commander, CommandResult } from '../services/executions/command.ts';
import { decideApproval } from '../services/executions/decide-approval.ts';
import { editMessage } from '../services/executions/edit-message.ts';
import { endExecution } from '../services/executions/end-execution.ts';
import { migrateExecution } from '../services/executions/migrate-execution.ts';
import { pauseExecution } from '../services/executions/pause-execution.ts';
import { rescheduleStep, runStepNow } from '../services/executions/reschedule-step.ts';
import { restartExecution } from '../services/executions/restart-execution.ts';
import { resumeExecution } from '../services/executions/resume-execution.ts';
import { retryStep } from '../services/executions/retry-step.ts';
import { skipStep } from '../services/executions/skip-step.ts';

/**
 * Carries out a command that came as an update: the same verbs as those of the API and the command line. It may be cut
 * off after its commit and called again; the id of the command makes it one.
 */
export function createGiveCommand({ database, clock }: StepDependencies): JourneyActivities['giveCommand'] {
  return async ({ organizationId, executionId, ...command }) => {
    const { by: actor, commandId } = command;
    const by: Commander = { actor, now: toInstant(await clock()), commandId, fromWorkflow: true };
    const tenant = { organizationId, actor, requestId: `update/${commandId}` };
    const result = await withTenant(database, tenant, (trx) => carryOut(trx, by, executionId, command));
    return result.ok ? { ok: true } : { ok: false, code: result.code, message: result.message };
  };
}

function carryOut(trx: Trx, by: Commander, executionId: string, command: Command): Promise<CommandResult> {
  const step = { key: command.key ?? '', occurrence: command.occurrence ?? 1 };
  switch (command.name) {
    case 'pause':
      return pauseExecution(trx, by, executionId, '');
    case 'resume':
      return resumeExecution(trx, by, executionId, command.late ?? 'send');
    case 'skipStep':
      return skipStep(trx, by, executionId, step);
    case 'runNow':
      return runStepNow(trx, by, executionId, step);
    case 'retryStep':
      return retryStep(trx, by, executionId, step);
    case 'reschedule':
      return rescheduleStep(trx, by, executionId, step, command.at ?? '');
    case 'migrate':
      return migrateExecution(trx, by, executionId, command.version ?? 0);
    case 'approve':
      return decideApproval(trx, by, executionId, step, { decision: 'approved' });
    case 'reject':
      return decideApproval(trx, by, executionId, step, { decision: 'rejected' });
    case 'asTemplate':
      return editMessage(trx, by, executionId, step, null);
    case 'stop':
      return endExecution(trx, by, executionId, 'by hand');
    case 'restart':
      return restartExecution(trx, by, executionId, command.commandId);
    default:
      return assertNever(command.name);
  }
}
