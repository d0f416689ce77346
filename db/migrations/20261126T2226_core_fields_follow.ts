import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

/**
 * What the record of the couple has a column for is one thing in two places. A column that changes (a supplier moves the
 * wedding, a CRM corrects the venue) brings the common field along, so that no form shows what is no longer true.
 */
const FOLLOW = `
  create function app.follow_client_columns() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
  begin
    update app.core_field_values v set value = coalesce(c.value, 'null'), source = 'supplier'
      from new_rows n
      join old_rows o using (id)
      cross join lateral (values
        ('wedding_date', to_jsonb(n.wedding_date), n.wedding_date is distinct from o.wedding_date),
        ('ceremony_time', to_jsonb(to_char(n.wedding_time, 'HH24:MI')), n.wedding_time is distinct from o.wedding_time),
        ('venue', to_jsonb(n.venue), n.venue is distinct from o.venue),
        ('guest_count', to_jsonb(n.guest_count), n.guest_count is distinct from o.guest_count)
      ) as c (field_key, value, has_changed)
     where c.has_changed and v.organization_id = n.organization_id and v.client_id = n.id
       and v.field_key = c.field_key and v.value #>> '{}' is distinct from c.value #>> '{}';
    return null;
  end $$`;

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    FOLLOW,
    `revoke all on function app.follow_client_columns() from public`,
    `comment on function app.follow_client_columns() is
       ${literal('Wedding date, ceremony time, venue and guests as common fields are what the record of the couple says.')}`,
    `create trigger follow_client_columns after update on app.clients
       referencing old table as old_rows new table as new_rows
       for each statement execute function app.follow_client_columns()`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `drop trigger follow_client_columns on app.clients`, `drop function app.follow_client_columns()`);
}
