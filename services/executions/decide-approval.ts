import { sql } from 'kysely';

import type { Trx } from '../../db/tenant.ts';
import { commandExecution, refuse, type Commander, type CommandResult } from './command.ts';
import { planLoaded } from './plan-loaded.ts';
import { findStep, refuseUnlessAhead, type StepName } from './step-row.ts';

export interface Decision {
  readonly decision: 'approved' | 'rejected';
  readonly note?: string | undefined;
  /** The words for this couple instead of the template's. */
  readonly subject?: string | undefined;
  readonly content?: string | undefined;
}

/** Decides on a message that waits for an OK, or on a step that was missed and waits for an answer. */
export function decideApproval(
  trx: Trx,
  by: Commander,
  executionId: string,
  name: StepName,
  { decision, note = '', subject, content }: Decision,
): Promise<CommandResult> {
  return commandExecution(trx, by, executionId, decision, async (execution) => {
    const row = await findStep(trx, execution, name);
    if ('ok' in row) return row;
    const refused = refuseUnlessAhead(row);
    if (refused !== null) return refused;
    const called = row.step.name ?? name.key;
    const asksApproval = 'approval' in row.step && row.step.approval !== undefined && row.step.approval !== 'none';
    const line = planLoaded(execution, by.now).steps.find(
      ({ key, occurrence }) => key === name.key && occurrence === name.occurrence,
    );
    if (!asksApproval && line?.reason.code !== 'needs_answer') {
      return refuse('not_asked', `"${called}" waits for nobody's OK.`);
    }
    await sql`
      insert into app.approvals as a
        (execution_id, step_key, occurrence, decision, requested_at, decided_at, decided_by, note, edited_subject, edited_content)
      values (${executionId}, ${name.key}, ${name.occurrence}, ${decision}, ${by.now}, ${by.now}, ${by.userId ?? null},
        ${note}, ${subject ?? null}, ${content ?? null})
      on conflict (organization_id, execution_id, step_key, occurrence) do update set
        decision = excluded.decision, decided_at = excluded.decided_at, decided_by = excluded.decided_by,
        note = excluded.note, edited_subject = coalesce(excluded.edited_subject, a.edited_subject),
        edited_content = coalesce(excluded.edited_content, a.edited_content)
    `.execute(trx);
    return { ok: true, executionId, changed: true, message: `"${called}" is ${decision}.` };
  });
}
