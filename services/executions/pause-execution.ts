import { sql } from 'kysely';

import { recallInWords, recallQueued } from '../../db/recall.ts';
import type { Trx } from '../../db/tenant.ts';
import { commandExecution, type Commander, type CommandResult } from './command.ts';

/** Holds one execution, and calls back what is queued: what falls due waits until somebody lets it go on. */
export function pauseExecution(trx: Trx, by: Commander, executionId: string, reason: string): Promise<CommandResult> {
  return commandExecution(trx, by, executionId, 'paused', async () => {
    const { rows } = await sql`
      insert into app.holds (scope, execution_id, since, reason, created_by)
      select 'execution', ${executionId}, ${by.now}, ${reason}, ${by.userId ?? null}
      where not exists (select from app.holds where execution_id = ${executionId} and released_at is null)
      returning id
    `.execute(trx);
    if (rows.length === 0) return { ok: true, executionId, changed: false, message: 'Paused already.' };
    const back = await recallQueued(trx, { executionId }, 'held');
    const message = `Paused: ${reason || 'no reason given'}${recallInWords(back)}`;
    return { ok: true, executionId, changed: true, message };
  });
}
