import { sql } from 'kysely';

import { loadExecution, type LoadedExecution } from '../../db/load-execution.ts';
import type { Trx } from '../../db/tenant.ts';

/** Why a command makes no sense; the sentence is for the person who gave it. */
export interface Refusal {
  readonly ok: false;
  readonly code:
    | 'not_found'
    | 'ended'
    | 'step_not_found'
    | 'already_done'
    | 'being_sent'
    | 'not_paused'
    | 'not_failed'
    | 'not_asked'
    | 'not_movable'
    | 'no_such_version'
    | 'no_such_journey'
    | 'already_enrolled'
    | 'in_the_past';
  readonly message: string;
}

export interface Carried {
  readonly ok: true;
  readonly executionId: string;
  /** What was done, in a sentence. */
  readonly message: string;
  /** False where it was so already: the same command given twice. */
  readonly changed: boolean;
}

export type CommandResult = Carried | Refusal;

/** Who commands: `user:<id>` and the like, for the trail. */
export interface Commander {
  readonly actor: string;
  /** Id of the user, where the actor is one. */
  readonly userId?: string | undefined;
  /** ISO instant, to the second. */
  readonly now: string;
}

export const refuse = (code: Refusal['code'], message: string): Refusal => ({ ok: false, code, message });

/**
 * Frame of every command to one execution: holds its row, refuses what is unknown or has ended, writes the trail, and
 * makes the execution look at its facts again. All of it in the transaction of the caller.
 *
 * @param endedToo the command makes sense for an execution that has ended
 */
export async function commandExecution(
  trx: Trx,
  by: Commander,
  executionId: string,
  kind: string,
  carryOut: (execution: LoadedExecution) => Promise<CommandResult>,
  endedToo = false,
): Promise<CommandResult> {
  const locked = UUID.test(executionId) && (await lock(trx, executionId));
  const execution = locked ? await loadExecution(trx, executionId, by.now) : null;
  if (execution === null) return refuse('not_found', `There is no execution ${executionId}.`);
  if (!endedToo && ENDED.has(execution.status)) {
    return refuse('ended', `The journey "${execution.journeyName}" is ${execution.status} for this couple.`);
  }
  const result = await carryOut(execution);
  if (!result.ok || !result.changed) return result;
  await sql`
    insert into app.activities (kind, actor, client_id, journey_id, execution_id, summary, occurred_at)
    values (${`execution.${kind}`}, ${by.actor}, ${execution.clientId}, ${execution.journeyId}, ${executionId},
      ${result.message}, ${by.now})
  `.execute(trx);
  await wakeExecution(trx, result.executionId);
  return result;
}

/** Makes an execution look at its facts again once the transaction is committed. */
export async function wakeExecution(trx: Trx, executionId: string): Promise<void> {
  await sql`select app.wake_execution(${executionId})`.execute(trx);
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** States of an execution in which nothing of it runs any more. */
export const ENDED: ReadonlySet<string> = new Set(['completed', 'stopped', 'failed', 'cancelled']);

async function lock(trx: Trx, executionId: string): Promise<boolean> {
  const { rows } = await sql`select from app.journey_executions where id = ${executionId} for update`.execute(trx);
  return rows.length === 1;
}
