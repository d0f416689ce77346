import { sql } from 'kysely';

import { checkLiquid } from '../../channels/template-checks/check-liquid.ts';
import { templatesInUse } from '../../db/templates.ts';
import type { Trx } from '../../db/tenant.ts';
import { isMessage, type MessageStep } from '../../journeys/definition.ts';
import { commandExecution, refuse, type Commander, type CommandResult } from './command.ts';
import { findStep, refuseUnlessAhead, type StepName } from './step-row.ts';

/** What one couple gets instead of the template's words, with the template variables. */
export interface OwnWords {
  /** Of a mail; absent: as it is. */
  readonly subject?: string | undefined;
  readonly content: string;
}

/**
 * Gives one couple other words than the template's, or the template's again; whether the message goes is decided as
 * before. Words come by no update of the workflow, as other commands do: they are about the couple, and what an update
 * brings stays in Temporal's history, where an erasure does not reach. The workflow hears that a command was given, no
 * more. The way back is an update too (`asTemplate`).
 *
 * @param words null: the template's
 */
export function editMessage(
  trx: Trx,
  by: Commander,
  executionId: string,
  name: StepName,
  words: OwnWords | null,
): Promise<CommandResult> {
  return commandExecution(trx, by, executionId, 'message_edited', async (execution) => {
    const row = await findStep(trx, execution, name);
    if ('ok' in row) return row;
    const refused = refuseUnlessAhead(row);
    if (refused !== null) return refused;
    const called = row.step.name ?? name.key;
    if (!isMessage(row.step)) return refuse('not_a_message', `"${called}" is no message: it has no words to change.`);
    const problem = words === null ? null : await problemOf(trx, row.step, words);
    if (problem !== null) return refuse('bad_words', problem);
    const changed =
      words === null ? await clear(trx, executionId, name) : await write(trx, by, executionId, name, words);
    const whose = words === null ? "the template's words" : 'its own words for this couple';
    return { ok: true, executionId, changed, message: `"${called}" has ${whose}${changed ? '' : ' already'}.` };
  });
}

/** What would keep these words from being sent when the step goes, perhaps in a year. */
async function problemOf(trx: Trx, { type }: MessageStep, { subject, content }: OwnWords): Promise<string | null> {
  if (content.trim() === '') return 'There are no words. Give some, or have the message skipped.';
  if (subject !== undefined && type !== 'email') return 'Only a mail has a subject.';
  const parts = (await templatesInUse(trx)).filter(({ kind, channel }) => kind === 'part' && channel === type);
  const known = Object.fromEntries(parts.map((part) => [part.name, part.html ?? part.content]));
  const findings = [
    ...checkLiquid('subject', subject ?? '', 'text').findings,
    ...checkLiquid('content', content, type === 'email' ? 'html' : 'text', known).findings,
  ];
  return findings.length === 0 ? null : findings.map(({ path, message }) => `${path}: ${message}`).join(' ');
}

/** False where they are these already. */
async function write(
  trx: Trx,
  by: Commander,
  executionId: string,
  { key, occurrence }: StepName,
  { subject, content }: OwnWords,
): Promise<boolean> {
  const { rows } = await sql`
    insert into app.approvals as a (execution_id, step_key, occurrence, requested_at, edited_subject, edited_content)
    values (${executionId}, ${key}, ${occurrence}, ${by.now}, ${subject ?? null}, ${content})
    on conflict (organization_id, execution_id, step_key, occurrence) do update set
      edited_subject = coalesce(excluded.edited_subject, a.edited_subject), edited_content = excluded.edited_content
    where (a.edited_subject, a.edited_content) is distinct from
      (coalesce(excluded.edited_subject, a.edited_subject), excluded.edited_content)
    returning id
  `.execute(trx);
  return rows.length > 0;
}

async function clear(trx: Trx, executionId: string, { key, occurrence }: StepName): Promise<boolean> {
  const { rows } = await sql`
    update app.approvals set edited_subject = null, edited_content = null
    where execution_id = ${executionId} and step_key = ${key} and occurrence = ${occurrence}
      and (edited_subject is not null or edited_content is not null)
    returning id
  `.execute(trx);
  return rows.length > 0;
}
