import { sql } from 'kysely';

import type { LoadedExecution } from '../../db/load-execution.ts';
import type { Trx } from '../../db/tenant.ts';
import { commandExecution, ENDED, refuse, type Commander, type CommandResult } from './command.ts';
import { findStep, type StepName } from './step-row.ts';

/**
 * Tries a step again that failed, or whose outcome is unknown: a person has looked and takes the risk that a message
 * arrives twice. What was surely sent to somebody is not sent to them again.
 */
export function retryStep(trx: Trx, by: Commander, executionId: string, name: StepName): Promise<CommandResult> {
  const carryOut = async (execution: LoadedExecution): Promise<CommandResult> => {
    const row = await findStep(trx, execution, name);
    if ('ok' in row) return row;
    const called = row.step.name ?? name.key;
    if (row.state !== 'failed' && row.state !== 'unknown') {
      return refuse('not_failed', `"${called}" is ${row.state.replace('_', ' ')}: there is nothing to try again.`);
    }
    if (execution.status !== 'completed' && ENDED.has(execution.status)) {
      return refuse('ended', `The journey "${execution.journeyName}" is ${execution.status} for this couple.`);
    }
    await sql`
      with step as (
        update app.journey_step_executions set state = 'planned', ended_at = null, outcome = null,
          next_attempt_at = ${by.now}, reason = jsonb_build_object('code', 'retry', 'attempts', attempts)
        where id = ${row.id}
      ), execution as (
        -- Where it was the last one, the journey is not at its end after all.
        update app.journey_executions set status = 'active', completed_at = null
        where id = ${executionId} and status = 'completed'
      )
      update app.communications set status = 'queued', failed_at = null
      where step_execution_id = ${row.id} and status in ('failed', 'unknown', 'cancelled')
    `.execute(trx);
    return { ok: true, executionId, changed: true, message: `"${called}" is tried again.` };
  };
  return commandExecution(trx, by, executionId, 'step_retried', carryOut, true);
}
