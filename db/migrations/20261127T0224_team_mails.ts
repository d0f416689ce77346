import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'team_mails',
    comment: 'A notification that also goes to a member of the team by email, once.',
    columns: `
      notification_id uuid not null,
      user_id uuid not null references app.users (id) on delete cascade,
      status text not null default 'queued',
      attempts integer not null default 0,
      next_attempt_at timestamptz not null default now(),
      claimed_at timestamptz,
      sent_at timestamptz,
      error_code text,
      error_message text,
      constraint team_mails_status_check check (status in ('queued', 'sending', 'sent', 'failed', 'unknown')),
      constraint team_mails_attempts_check check (attempts >= 0),
      constraint team_mails_sent_check check ((status = 'sent') = (sent_at is not null)),
      constraint team_mails_claimed_check check (status <> 'sending' or claimed_at is not null),
      foreign key (organization_id, notification_id) references app.notifications (organization_id, id)
        on delete cascade,
      unique (organization_id, notification_id, user_id)
    `,
    columnComments: {
      user_id: 'The address is that of the login, as it is when the mail goes.',
      status:
        'sending: claimed, right before its first byte leaves. unknown: it may have arrived, and is not sent again.',
    },
    audit: { none: 'tells of a notification, which is a row itself' },
    retention: 'with the notification',
    personalData: false,
    writes: { api: '', worker: 'insert, update' },
    also: [
      `create index team_mails_open_idx on app.team_mails (next_attempt_at) where status in ('queued', 'sending')`,
      `create index team_mails_user_idx on app.team_mails (user_id)`,
      `create policy relay on app.team_mails for select to app_relay using (true)`,
      `grant select (id, organization_id, status, next_attempt_at, claimed_at) on app.team_mails to app_relay`,
    ],
  });
  await run(
    db,
    // Logins belong to no organization, so no tenant reads them; a member's own organization may write to it.
    `create function app.member_address(member uuid) returns text
       language sql stable security definer set search_path = pg_catalog, pg_temp
     begin atomic
       select u.email from app.users u join app.user_profiles p on p.user_id = u.id
        where u.id = member and p.organization_id = app.current_org_id();
     end`,
    `comment on function app.member_address(uuid) is
       ${literal('Where a member of this organization gets mail; NULL for anybody else.')}`,
    `revoke all on function app.member_address(uuid) from public`,
    `grant execute on function app.member_address(uuid) to app_worker`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `drop function app.member_address(uuid)`);
  await dropTenantTable(db, 'team_mails');
}
