import { sql } from 'kysely';

import type { Trx } from '../../db/tenant.ts';
import { isMessage } from '../../journeys/definition.ts';
import { commandExecution, refuse, type Commander, type CommandResult } from './command.ts';
import { findStep, refuseUnlessAhead, type StepName } from './step-row.ts';

/** Gives one couple other words than the template's; whether the message goes is decided as before. */
export function editMessage(
  trx: Trx,
  by: Commander,
  executionId: string,
  name: StepName,
  words: { readonly subject?: string | undefined; readonly content: string },
): Promise<CommandResult> {
  return commandExecution(trx, by, executionId, 'message_edited', async (execution) => {
    const row = await findStep(trx, execution, name);
    if ('ok' in row) return row;
    const refused = refuseUnlessAhead(row);
    if (refused !== null) return refused;
    const called = row.step.name ?? name.key;
    if (!isMessage(row.step)) return refuse('not_movable', `"${called}" is no message.`);
    await sql`
      insert into app.approvals as a (execution_id, step_key, occurrence, requested_at, edited_subject, edited_content)
      values (${executionId}, ${name.key}, ${name.occurrence}, ${by.now}, ${words.subject ?? null}, ${words.content})
      on conflict (organization_id, execution_id, step_key, occurrence) do update set
        edited_subject = coalesce(excluded.edited_subject, a.edited_subject), edited_content = excluded.edited_content
    `.execute(trx);
    return { ok: true, executionId, changed: true, message: `"${called}" has its own words for this couple.` };
  });
}
