import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

/**
 * @param own when a field of two organizations' own is one and the same; empty: never
 */
const share = (own: string): string => `
  create or replace function app.share_core_field() returns trigger language plpgsql security definer
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
       and ${own === '' ? 'f.id is not null' : `(f.id is not null or ${own})`}
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

/** Both have it under this key and of this type, and the couple has named it for the one that is to know. */
const OWN = `(r.permissions -> 'customFields' ? new.field_key and exists (
             select from app.core_fields mine
               join app.core_fields theirs on theirs.field_key = mine.field_key and theirs.data_type = mine.data_type
              where mine.organization_id = new.organization_id and theirs.organization_id = r.organization_id
                and mine.field_key = new.field_key))`;

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    share(OWN),
    permissions(
      'What the couple shares with this supplier, beside its flags: {"coreFields", "guestList", "budget"}, false: not; "customFields", keys of fields that suppliers have of their own.',
    ),
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    share(''),
    permissions(
      'What the couple does not share with this supplier, beside its flags: {"coreFields", "guestList", "budget"}, false.',
    ),
  );
}

function permissions(comment: string): string {
  return `comment on column app.couple_supplier_relationships.permissions is ${literal(comment)}`;
}
