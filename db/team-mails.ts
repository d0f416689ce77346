import { sql } from 'kysely';

import type { TeamMailStatus } from './domain.ts';
import type { Trx } from './tenant.ts';

/** A mail to a member of the team. */
export interface TeamMailRef {
  readonly organizationId: string;
  readonly id: string;
}

/** Has a notification go to the owners by email too, to each of them once. */
export async function mailOwners(trx: Trx, dedupKey: string): Promise<void> {
  await sql`
    insert into app.team_mails (notification_id, user_id)
    select n.id, p.user_id from app.notifications n cross join app.user_profiles p
     where n.dedup_key = ${dedupKey} and p.role = 'OWNER'
    on conflict (organization_id, notification_id, user_id) do nothing
  `.execute(trx);
}

/** Mails whose turn it is, and those whose sender seems to have died. @param trx of the relay */
export async function dueTeamMails(trx: Trx, now: Date, abandonedBefore: Date, limit: number): Promise<TeamMailRef[]> {
  const { rows } = await sql<TeamMailRef>`
    select id, organization_id as "organizationId" from app.team_mails
     where (status = 'queued' and next_attempt_at <= ${now}) or (status = 'sending' and claimed_at < ${abandonedBefore})
     order by next_attempt_at limit ${limit}
  `.execute(trx);
  return rows;
}

export interface TeamMail {
  readonly status: TeamMailStatus;
  readonly attempts: number;
  readonly claimedAt: Date | null;
  readonly title: string;
  readonly body: string;
  readonly organization: string;
  /** Null: no member any more. */
  readonly address: string | null;
  readonly name: string | null;
}

export async function readTeamMail(trx: Trx, id: string): Promise<TeamMail | null> {
  const { rows } = await sql<TeamMail>`
    select m.status, m.attempts, m.claimed_at as "claimedAt", n.title, n.body, o.name as organization,
      app.member_address(m.user_id) as address, nullif(p.full_name, '') as name
    from app.team_mails m join app.notifications n on n.id = m.notification_id
      join app.organizations o on o.id = m.organization_id
      left join app.user_profiles p on p.user_id = m.user_id and p.organization_id = m.organization_id
    where m.id = ${id}
  `.execute(trx);
  return rows[0] ?? null;
}

/** Takes a mail for sending; committed right before its first byte leaves. False: somebody else has it, or had it. */
export async function claimTeamMail(trx: Trx, id: string, at: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update app.team_mails set status = 'sending', claimed_at = ${at} where id = ${id} and status = 'queued'
  `.execute(trx);
  return numAffectedRows === 1n;
}

/** What became of an attempt; `queued` comes again at `at`. */
export interface TeamMailResult {
  readonly status: Exclude<TeamMailStatus, 'sending'>;
  /** When it was sent, or is to be tried again. */
  readonly at: Date;
  readonly code?: string | undefined;
  readonly detail: string;
}

/** Writes down what became of an attempt. @param before what the row said when the attempt ended: whose it is */
export async function settleTeamMail(
  trx: Trx,
  id: string,
  before: Extract<TeamMailStatus, 'queued' | 'sending'>,
  { status, at, code, detail }: TeamMailResult,
): Promise<void> {
  const failed = status === 'sent' ? null : detail.slice(0, 500);
  await sql`
    update app.team_mails set status = ${status}, attempts = attempts + 1,
      sent_at = ${status === 'sent' ? at : null}, next_attempt_at = ${status === 'queued' ? at : sql`next_attempt_at`},
      error_code = ${status === 'sent' ? null : (code ?? null)}, error_message = ${failed}
    where id = ${id} and status = ${before}
  `.execute(trx);
}
