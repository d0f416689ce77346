import { registerPersonalTable } from '../migrate/personal-tables.ts';
import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    // Asked at the sign-in, before any organization is chosen: a person may work for several, and be part of a couple.
    `create function app.organization_ids_for_user(of_user uuid) returns setof uuid
       language sql stable security definer set search_path = pg_catalog, pg_temp
     begin atomic
       select p.organization_id from app.user_profiles p join app.organizations o on o.id = p.organization_id
        where p.user_id = of_user and o.deleted_at is null order by p.created_at, p.organization_id;
     end`,
    `comment on function app.organization_ids_for_user(uuid) is
       'Organizations a login is a member of, in the order in which it joined them; not those that were deleted.'`,
    `create function app.couple_ids_for_user(of_user uuid) returns setof uuid
       language sql stable security definer set search_path = pg_catalog, pg_temp
     begin atomic
       select m.couple_id from app.couple_members m join app.couples k on k.id = m.couple_id
        where m.user_id = of_user and k.deleted_at is null order by m.created_at, m.couple_id;
     end`,
    `comment on function app.couple_ids_for_user(uuid) is 'Couples a login is one partner of.'`,
    `revoke all on function app.organization_ids_for_user(uuid), app.couple_ids_for_user(uuid) from public`,
    `grant execute on function app.organization_ids_for_user(uuid), app.couple_ids_for_user(uuid) to app_auth`,

    // A sign-in that fails, or one to several organizations, is told before it is known whose it is.
    // Nobody but the administrators could read such a row, so no reader is surprised by it.
    `-- squawk-ignore ban-drop-not-null
     alter table app.security_events alter column organization_id drop not null`,
    `comment on column app.security_events.organization_id is
       'NULL: it happened before it was known to which organization it belongs. Only the administrators see those.'`,

    // Members of a team are people too: their names are masked in the audit.
    `update ops.table_decisions set personal_data = true where table_name = 'user_profiles'`,
  );
  await registerPersonalTable(
    db,
    {
      name: 'user_profiles',
      subject: 'user',
      erasure: 'redact',
      redact: `first_name = '', last_name = '', notification_settings = '{}'`,
      remark: 'that somebody was a member stays, for the tasks and notes that name them',
    },
    1000,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `delete from ops.personal_tables where table_name = 'user_profiles'`,
    `update ops.table_decisions set personal_data = false where table_name = 'user_profiles'`,
    `comment on column app.security_events.organization_id is null`,
    `delete from app.security_events where organization_id is null`,
    `alter table app.security_events alter column organization_id set not null`,
    `drop function app.couple_ids_for_user(uuid), app.organization_ids_for_user(uuid)`,
  );
}
