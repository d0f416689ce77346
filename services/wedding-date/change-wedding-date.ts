import { sql } from 'kysely';

import type { Trx } from '../../db/tenant.ts';
import type { Commander } from '../executions/command.ts';
import { previewWeddingDate, type ExecutionDateChange, type WeddingDate } from './preview-wedding-date.ts';

/** What a person decided about one step that would be past, or that asks. */
export interface StepAnswer {
  readonly executionId: string;
  readonly key: string;
  readonly occurrence: number;
  readonly send: boolean;
}

export type WeddingDateResult =
  | { readonly ok: true; readonly message: string; readonly changes: readonly ExecutionDateChange[] }
  | {
      readonly ok: false;
      readonly code: 'not_found' | 'no_change' | 'nothing_to_undo' | 'too_late';
      readonly message: string;
    };

interface Wedding {
  readonly on: string | null;
  readonly time: string | null;
  readonly zone: string | null;
  readonly changedAt: string | null;
}

/**
 * Saves another wedding date with the answers that were given to the preview. The plans follow by themselves, once the
 * date has been still for as long as the organization settles.
 */
export async function changeWeddingDate(
  trx: Trx,
  by: Commander,
  clientId: string,
  wedding: WeddingDate,
  answers: readonly StepAnswer[] = [],
): Promise<WeddingDateResult> {
  const before = await lockWedding(trx, clientId);
  if (before === null) return { ok: false, code: 'not_found', message: `There is no couple ${clientId}.` };
  const same = before.on === wedding.on && isSame(before.time, wedding.time) && isSame(before.zone, wedding.zone);
  if (same) return { ok: false, code: 'no_change', message: `The wedding is on ${wedding.on} already.` };
  const changes = await previewWeddingDate(trx, clientId, wedding, by.now);
  await setWedding(trx, clientId, {
    on: wedding.on,
    time: wedding.time ?? before.time,
    zone: wedding.zone ?? before.zone,
    changedAt: by.now,
  });
  for (const { executionId, key, occurrence, send } of answers) {
    const decision = send ? 'approved' : 'rejected';
    await sql`
      insert into app.approvals as a (execution_id, step_key, occurrence, decision, requested_at, decided_at, decided_by)
      values (${executionId}, ${key}, ${occurrence}, ${decision}, ${by.now}, ${by.now}, ${by.userId ?? null})
      on conflict (organization_id, execution_id, step_key, occurrence) do update
        set decision = excluded.decision, decided_at = excluded.decided_at, decided_by = excluded.decided_by
    `.execute(trx);
  }
  const message = `The wedding moves from ${before.on ?? 'no date'} to ${wedding.on}.`;
  await writeTrail(trx, by, clientId, message, { before, after: wedding, affected: affectedBy(changes) });
  return { ok: true, message, changes };
}

/** Takes the last change back, as long as nothing that it moved has gone out: from then on the couple knows of it. */
export async function undoWeddingDate(trx: Trx, by: Commander, clientId: string): Promise<WeddingDateResult> {
  const now = await lockWedding(trx, clientId);
  if (now === null) return { ok: false, code: 'not_found', message: `There is no couple ${clientId}.` };
  const { rows } = await sql<{ before: Wedding; sent: string | null }>`
    select a.data -> 'before' as before, (
      select s.step_key from app.journey_step_executions s
      join app.journey_executions e on e.id = s.execution_id
      where e.client_id = ${clientId} and s.state in ('done', 'unknown') and s.ended_at >= a.occurred_at
        and a.data -> 'affected' @> to_jsonb(s.execution_id::text || '/' || s.step_key)
      limit 1) as sent
    from app.activities a
    where a.client_id = ${clientId} and a.kind = 'client.wedding_moved' and a.occurred_at = ${now.changedAt}::timestamptz
    order by a.id desc limit 1
  `.execute(trx);
  const [last] = rows;
  if (last === undefined) {
    const message = 'The date was not changed here last: there is nothing to take back.';
    return { ok: false, code: 'nothing_to_undo', message };
  }
  if (last.sent !== null) {
    const message = `"${last.sent}" has gone out since the change. Change the date again instead.`;
    return { ok: false, code: 'too_late', message };
  }
  await setWedding(trx, clientId, last.before);
  const message = `The wedding is on ${last.before.on ?? 'no date'} again.`;
  await writeTrail(trx, by, clientId, message, { undone: true });
  return { ok: true, message, changes: [] };
}

/** The steps whose moment is another one by the change, as `<execution>/<step key>`. */
function affectedBy(changes: readonly ExecutionDateChange[]): string[] {
  return changes.flatMap(({ executionId, change }) =>
    change.steps
      .filter(({ effect, again }) => (effect !== 'stays' && effect !== 'sent') || again !== null)
      .map(({ key }) => `${executionId}/${key}`),
  );
}

/** What is not named stays. */
const isSame = (before: string | null, after: string | undefined): boolean => after === undefined || after === before;

async function lockWedding(trx: Trx, clientId: string): Promise<Wedding | null> {
  const { rows } = await sql<Wedding>`
    select wedding_date as "on", to_char(wedding_time, 'HH24:MI') as "time", wedding_timezone as "zone",
      app.iso_instant(wedding_changed_at) as "changedAt"
    from app.clients where id = ${clientId} and deleted_at is null for update
  `.execute(trx);
  return rows[0] ?? null;
}

async function setWedding(trx: Trx, clientId: string, { on, time, zone, changedAt }: Wedding): Promise<void> {
  await sql`
    update app.clients set wedding_date = ${on}::date, wedding_time = ${time}::time, wedding_timezone = ${zone},
      wedding_changed_at = ${changedAt}::timestamptz, postponed_at = null
    where id = ${clientId}
  `.execute(trx);
}

async function writeTrail(trx: Trx, by: Commander, clientId: string, summary: string, data: object): Promise<void> {
  await sql`
    insert into app.activities (kind, actor, client_id, summary, data, occurred_at)
    values ('client.wedding_moved', ${by.actor}, ${clientId}, ${summary}, ${JSON.stringify(data)}::jsonb, ${by.now})
  `.execute(trx);
}
