import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

export interface NewTask {
  readonly clientId: string;
  readonly executionId: string;
  /** The effect that makes it: the same one never makes two. */
  readonly dedupKey: string;
  readonly title: string;
  readonly description: string;
  /** `owner`, `assignee` (who looks after the couple) or `role:<x>`. */
  readonly assigneeRole: string;
  /** ISO instant. */
  readonly dueAt: string | null;
}

/** Gives the team a task; `assignee` is the member who looks after the couple, else the owner. */
export async function addTask(trx: Trx, task: NewTask): Promise<void> {
  await sql`
    insert into app.tasks
      (client_id, execution_id, step_execution_id, dedup_key, title, description, assignee_id, assignee_role, due_at)
    select c.id, ${task.executionId},
      (select j.id from app.journey_step_executions j where j.execution_id = ${task.executionId}
        and ${task.dedupKey} = j.execution_id::text || '/' || j.step_key || '/' || j.occurrence),
      ${task.dedupKey}, ${task.title}, ${task.description},
      case when ${task.assigneeRole} = 'assignee' then c.assignee_id end,
      case when ${task.assigneeRole} = 'assignee' then case when c.assignee_id is null then 'owner' end
        else ${task.assigneeRole} end,
      ${task.dueAt}
    from app.clients c where c.id = ${task.clientId}
    on conflict (organization_id, dedup_key) do nothing
  `.execute(trx);
}

export interface NewNotification {
  readonly clientId: string;
  readonly executionId: string;
  readonly dedupKey: string;
  readonly title: string;
  readonly body: string;
  /** `all`, `owner`, `assignee` or `role:<x>`. */
  readonly to: string;
}

/** Tells the team something in the application. */
export async function addNotification(trx: Trx, note: NewNotification): Promise<void> {
  await sql`
    insert into app.notifications
      (client_id, execution_id, dedup_key, title, body, recipient_id, recipient_role)
    select c.id, ${note.executionId}, ${note.dedupKey}, ${note.title}, ${note.body},
      case when ${note.to} = 'assignee' then c.assignee_id end,
      case ${note.to} when 'all' then null
        when 'assignee' then case when c.assignee_id is null then 'owner' end else ${note.to} end
    from app.clients c where c.id = ${note.clientId}
    on conflict (organization_id, dedup_key) do nothing
  `.execute(trx);
}

/** Tells the owner something that is about no couple. The same key is the same news. */
export async function addNotice(
  trx: Trx,
  note: { readonly kind: string; readonly dedupKey: string; readonly title: string; readonly body: string },
): Promise<void> {
  await sql`
    insert into app.notifications (kind, dedup_key, title, body, recipient_role)
    values (${note.kind}, ${note.dedupKey}, ${note.title}, ${note.body}, 'owner')
    on conflict (organization_id, dedup_key) do nothing
  `.execute(trx);
}

/**
 * Puts a message before the supplier for approval; one that was asked about, or decided, already stays as it is.
 *
 * @returns when it was asked first, in epoch milliseconds
 */
export async function requestApproval(
  trx: Trx,
  executionId: string,
  request: { readonly key: string; readonly occurrence: number; readonly at: string; readonly deadlineAt: string },
): Promise<number> {
  const { rows } = await sql<{ requestedAt: Date }>`
    with asked as (
    insert into app.approvals (execution_id, step_key, occurrence, requested_at, deadline_at)
    values (${executionId}, ${request.key}, ${request.occurrence}, ${request.at}, ${request.deadlineAt})
    on conflict (organization_id, execution_id, step_key, occurrence) do update
      set deadline_at = excluded.deadline_at
      where approvals.decision is null and approvals.deadline_at is distinct from excluded.deadline_at
    returning requested_at)
    select requested_at as "requestedAt" from asked
    union all
    select requested_at from app.approvals
    where organization_id = (select app.current_org_id()) and execution_id = ${executionId}
      and step_key = ${request.key} and occurrence = ${request.occurrence}
    limit 1
  `.execute(trx);
  return rows[0]?.requestedAt.getTime() ?? Date.parse(request.at);
}
