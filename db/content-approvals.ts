import { sql } from 'kysely';

import type { ApprovalStatus } from './domain.ts';
import type { Trx } from './tenant.ts';

/** A WhatsApp template in use, with what the provider last said about it. */
export interface ContentInUse {
  readonly name: string;
  readonly locale: string;
  readonly contentSid: string;
  /** Null: the provider was never asked. */
  readonly status: ApprovalStatus | null;
  readonly rejectionReason: string | null;
  readonly checkedAt: Date | null;
}

/** The WhatsApp templates in use that stand for approved ones, by name and language. */
export async function contentInUse(trx: Trx): Promise<ContentInUse[]> {
  const { rows } = await sql<ContentInUse>`
    select t.name, t.locale, t.content_sid as "contentSid", a.status, a.rejection_reason as "rejectionReason",
      a.checked_at as "checkedAt"
    from (select distinct on (name, locale) organization_id, name, locale, content_sid
            from app.communication_templates where channel = 'whatsapp' and is_active and template_type <> 'part'
           order by name, locale, version desc) t
    left join app.content_approvals a on a.organization_id = t.organization_id and a.content_sid = t.content_sid
    where t.content_sid is not null order by t.name, t.locale
  `.execute(trx);
  return rows;
}

/**
 * Keeps what the provider said.
 *
 * @returns what was known before; null: nothing
 */
export async function keepApproval(
  trx: Trx,
  approval: {
    readonly contentSid: string;
    readonly status: ApprovalStatus;
    readonly category: string | null;
    readonly rejectionReason: string | null;
    readonly at: Date;
  },
): Promise<ApprovalStatus | null> {
  const { contentSid, status, category, rejectionReason, at } = approval;
  const { rows } = await sql<{ before: ApprovalStatus | null }>`
    with before as (select status from app.content_approvals where content_sid = ${contentSid})
    insert into app.content_approvals (content_sid, status, category, rejection_reason, checked_at)
    values (${contentSid}, ${status}, ${category}, ${rejectionReason}, ${at})
    on conflict (organization_id, content_sid) do update set status = excluded.status, category = excluded.category,
      rejection_reason = excluded.rejection_reason, checked_at = excluded.checked_at
    returning (select status from before) as before
  `.execute(trx);
  return rows[0]?.before ?? null;
}
