import { sql } from 'kysely';

import { loadExecution, type LoadedExecution } from '../../db/load-execution.ts';
import type { Trx } from '../../db/tenant.ts';
import { UUID } from '../../db/uuid.ts';

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
    | 'not_a_message'
    | 'bad_words'
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
  /** The same id is the same command: given again, after a lost answer, it changes nothing and answers the same. */
  readonly commandId?: string | undefined;
  /** The workflow itself commands, and looks again of its own accord. */
  readonly fromWorkflow?: boolean | undefined;
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
  const before = await carriedBefore(trx, by, execution);
  if (before !== null) return before;
  if (!endedToo && ENDED.has(execution.status)) {
    return refuse('ended', `The journey "${execution.journeyName}" is ${execution.status} for this couple.`);
  }
  const result = await carryOut(execution);
  if (!result.ok || !result.changed) return result;
  const data = by.commandId === undefined ? {} : { commandId: by.commandId, executionId: result.executionId };
  await sql`
    insert into app.activities (kind, actor, client_id, journey_id, execution_id, summary, data, occurred_at)
    values (${`execution.${kind}`}, ${by.actor}, ${execution.clientId}, ${execution.journeyId}, ${executionId},
      ${result.message}, ${JSON.stringify(data)}::jsonb, ${by.now})
  `.execute(trx);
  if (by.fromWorkflow !== true) await wakeExecution(trx, result.executionId);
  return result;
}

/** What this very command came to before; null where it is new. */
async function carriedBefore(
  trx: Trx,
  { commandId }: Commander,
  { executionId, clientId }: LoadedExecution,
): Promise<Carried | null> {
  if (commandId === undefined) return null;
  const { rows } = await sql<{ message: string; executionId: string }>`
    select summary as message, data ->> 'executionId' as "executionId" from app.activities
    where organization_id = (select app.current_org_id()) and client_id = ${clientId}
      and execution_id = ${executionId} and data ->> 'commandId' = ${commandId}
    limit 1
  `.execute(trx);
  const [row] = rows;
  return row === undefined ? null : { ok: true, changed: false, ...row };
}

/** Makes an execution look at its facts again once the transaction is committed. */
export async function wakeExecution(trx: Trx, executionId: string): Promise<void> {
  await sql`select app.wake_execution(${executionId})`.execute(trx);
}

/** States of an execution in which nothing of it runs any more. */
export const ENDED: ReadonlySet<string> = new Set(['completed', 'stopped', 'failed', 'cancelled']);

async function lock(trx: Trx, executionId: string): Promise<boolean> {
  const { rows } = await sql`select from app.journey_executions where id = ${executionId} for update`.execute(trx);
  return rows.length === 1;
}
