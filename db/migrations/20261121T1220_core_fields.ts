import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

/** Every change of a value, with how far the couple has come with that field. */
const KEEP_HISTORY = `
  create function app.keep_core_field_history() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
  begin
    insert into app.core_field_history (organization_id, client_id, field_key, version, value, source, actor)
    values (new.organization_id, new.client_id, new.field_key,
      1 + coalesce((select max(h.version) from app.core_field_history h where h.organization_id = new.organization_id
                     and h.client_id = new.client_id and h.field_key = new.field_key), 0),
      new.value, new.source, coalesce(nullif(current_setting('app.actor', true), ''), session_user));
    insert into app.field_completion_states as f (organization_id, client_id, field_key, status)
    values (new.organization_id, new.client_id, new.field_key,
      case when new.value in ('null', '""', '[]', '{}') then 'pending' else 'completed' end)
    on conflict (organization_id, client_id, field_key) do update set status = excluded.status
      where f.status is distinct from excluded.status;
    return null;
  end $$`;

/** Fields which the record of the couple has a column for: journeys count from those. */
const FILL_CLIENT = `
  create function app.fill_client_from_core_field() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
  declare
    word text := new.value #>> '{}';
  begin
    if new.field_key = 'wedding_date' and word ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then
      update app.clients set wedding_date = word::date
       where organization_id = new.organization_id and id = new.client_id and wedding_date is distinct from word::date;
    elsif new.field_key = 'ceremony_time' and word ~ '^[0-2][0-9]:[0-5][0-9]$' then
      update app.clients set wedding_time = word::time
       where organization_id = new.organization_id and id = new.client_id and wedding_time is distinct from word::time;
    elsif new.field_key = 'venue' and length(word) between 1 and 200 then
      update app.clients set venue = word
       where organization_id = new.organization_id and id = new.client_id and venue is distinct from word;
    elsif new.field_key = 'guest_count' and word ~ '^[0-9]{1,5}$' then
      update app.clients set guest_count = word::integer
       where organization_id = new.organization_id and id = new.client_id and guest_count is distinct from word::integer;
    end if;
    return null;
  end $$`;

/**
 * What the couple itself says (in its account, or in a supplier's form) reaches every connected supplier with which it
 * shares such fields. A supplier's own notes stay with the supplier.
 */
const SHARE = `
  create function app.share_core_field() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
  declare
    couple uuid;
  begin
    if new.source not in ('couple', 'form') or current_setting('app.sharing_core_fields', true) = 'on' then
      return null;
    end if;
    select c.couple_id into couple from app.clients c
     where c.organization_id = new.organization_id and c.id = new.client_id;
    if couple is null then return null; end if;
    perform set_config('app.sharing_core_fields', 'on', true);
    insert into app.core_field_values as v (organization_id, client_id, field_key, value, source)
    select r.organization_id, r.client_id, new.field_key, new.value, 'couple'
      from app.couple_supplier_relationships r
      join app.couples k on k.id = r.couple_id
      join app.clients c on c.organization_id = r.organization_id and c.id = r.client_id and c.deleted_at is null
      left join app.core_fields f on f.organization_id is null and f.field_key = new.field_key
     where r.couple_id = couple and r.status = 'connected' and r.organization_id <> new.organization_id
       and f.id is not null
       and case f.category
         when 'guests' then k.share_guest_list and coalesce(r.permissions -> 'guestList' <> 'false', true)
         when 'budget' then k.share_budget and coalesce(r.permissions -> 'budget' <> 'false', true)
         else k.share_core_fields and coalesce(r.permissions -> 'coreFields' <> 'false', true) end
     order by r.organization_id
    on conflict (organization_id, client_id, field_key) do update set value = excluded.value, source = excluded.source
      where v.value is distinct from excluded.value;
    perform set_config('app.sharing_core_fields', 'off', true);
    return null;
  end $$`;

const TRIGGER_FUNCTIONS = ['keep_core_field_history', 'fill_client_from_core_field', 'share_core_field'];

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'core_field_history',
    id: 'bigint',
    appendOnly: true,
    comment: 'Every value a common field of a couple has had, written by a trigger.',
    columns: `
      client_id uuid not null,
      field_key text not null,
      version integer not null,
      value jsonb not null,
      source text not null,
      actor text not null default '',
      occurred_at timestamptz not null default now(),
      constraint core_field_history_version_check check (version >= 1),
      foreign key (organization_id, client_id) references app.clients (organization_id, id),
      constraint core_field_history_version_key unique (organization_id, client_id, field_key, version)
    `,
    audit: { none: 'append-only: the rows are the history' },
    retention: 'with the client',
    personalData: true,
    writes: { api: '', worker: '' },
  });
  await run(
    db,
    KEEP_HISTORY,
    FILL_CLIENT,
    SHARE,
    ...TRIGGER_FUNCTIONS.map((name) => `revoke all on function app.${name}() from public`),
    `create trigger keep_history_insert after insert on app.core_field_values
       for each row execute function app.keep_core_field_history()`,
    `create trigger keep_history_update after update of value on app.core_field_values
       for each row when (old.value is distinct from new.value) execute function app.keep_core_field_history()`,
    `create trigger fill_client after insert or update of value on app.core_field_values
       for each row execute function app.fill_client_from_core_field()`,
    `create trigger share after insert or update of value, source on app.core_field_values
       for each row execute function app.share_core_field()`,
    `comment on function app.share_core_field() is
       ${literal('What a couple says once reaches every connected supplier that it shares such fields with.')}`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop trigger share on app.core_field_values`,
    `drop trigger fill_client on app.core_field_values`,
    `drop trigger keep_history_update on app.core_field_values`,
    `drop trigger keep_history_insert on app.core_field_values`,
    ...TRIGGER_FUNCTIONS.toReversed().map((name) => `drop function app.${name}()`),
  );
  await dropTenantTable(db, 'core_field_history');
}
