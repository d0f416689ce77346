import { sql } from 'kysely';

import type { Trx } from '../../db/tenant.ts';
import { commandExecution, refuse, type Commander, type CommandResult } from './command.ts';

/** What becomes of the steps that fell due meanwhile: sent one a day, skipped, or asked about one by one. */
export type LateAnswer = 'send' | 'skip' | 'ask';

const WORDS: Readonly<Record<LateAnswer, string>> = {
  send: 'what was missed is made up for',
  skip: 'what was missed is skipped',
  ask: 'what was missed waits for an answer',
};

/** Lets a paused execution go on. */
export function resumeExecution(
  trx: Trx,
  by: Commander,
  executionId: string,
  late: LateAnswer,
): Promise<CommandResult> {
  return commandExecution(trx, by, executionId, 'resumed', async () => {
    const { rows } = await sql`
      update app.holds set released_at = greatest(${by.now}::timestamptz, since), released_by = ${by.userId ?? null}, late = ${late}
      where execution_id = ${executionId} and scope = 'execution' and released_at is null
      returning id
    `.execute(trx);
    if (rows.length === 0)
      return refuse('not_paused', 'This execution is not paused by itself. See its holds with "show".');
    return { ok: true, executionId, changed: true, message: `Goes on; ${WORDS[late]}.` };
  });
}
