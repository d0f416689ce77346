import { run, type MigrationDatabase } from '../migrate/statements.ts';

/** The trigger function of 20261121T0910_clients, with the hash or, letter by letter, without it. */
function normalizeContact(verb: 'create' | 'create or replace', hash: string): string {
  return `${verb} function app.normalize_contact() returns trigger language plpgsql
         set search_path = pg_catalog, pg_temp as $$
       begin
         if new.value_normalized = ''
            or (tg_op = 'UPDATE' and new.contact_value is distinct from old.contact_value
                and new.value_normalized is not distinct from old.value_normalized) then
           new.value_normalized := case new.contact_type
             when 'email' then lower(trim(new.contact_value))
             when 'phone' then regexp_replace(new.contact_value, '[^+0-9]', '', 'g')
             else trim(new.contact_value) end;
         end if;
${hash}         return new;
       end $$`;
}

/** Rewrites what is stored without telling journeys or the audit of it: nothing of what it means has changed. */
async function rewrite(db: MigrationDatabase, table: string, statement: string): Promise<void> {
  await run(
    db,
    `alter table app.${table} disable trigger user`,
    statement,
    `alter table app.${table} enable trigger user`,
  );
}

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create table ops.address_keys (
       organization_id uuid primary key references app.organizations (id) on delete cascade,
       inner_pad bytea not null,
       outer_pad bytea not null,
       constraint address_keys_pads_check check (length(inner_pad) = 64 and length(outer_pad) = 64)
     )`,
    `comment on table ops.address_keys is
       'The secret with which addresses of an organization are hashed, as the two pads of HMAC (RFC 2104). Read by app.keyed_hash alone: who has the hashes cannot try addresses out.'`,
    `alter table ops.address_keys enable row level security`,
    `alter table ops.address_keys force row level security`,
    `create policy owner_all on ops.address_keys for all to app_owner using (true) with check (true)`,
    `create function app.make_address_key(organization uuid) returns void
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       -- 488 random bits in 64 bytes, the block of SHA-256.
       secret bytea := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
         || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
       inner_pad bytea := secret;
       outer_pad bytea := secret;
     begin
       for place in 0..63 loop
         inner_pad := set_byte(inner_pad, place, get_byte(secret, place) # 54);
         outer_pad := set_byte(outer_pad, place, get_byte(secret, place) # 92);
       end loop;
       insert into ops.address_keys values (organization, inner_pad, outer_pad) on conflict do nothing;
     end $$`,
    `revoke all on function app.make_address_key(uuid) from public`,
    `comment on function app.make_address_key(uuid) is 'Gives an organization its secret for hashing addresses, once.'`,
    `create function app.give_address_key() returns trigger
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     begin
       perform app.make_address_key(new.id);
       return null;
     end $$`,
    `revoke all on function app.give_address_key() from public`,
    `create trigger give_address_key after insert on app.organizations
       for each row execute function app.give_address_key()`,
    `select app.make_address_key(o.id) from app.organizations o`,
    // One statement may write an organization and its contacts; the trigger of the organization has its turn after them.
    `create function app.ensure_address_key() returns trigger
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     begin
       perform app.make_address_key(new.organization_id)
         where not exists (select from ops.address_keys k where k.organization_id = new.organization_id);
       return new;
     end $$`,
    `revoke all on function app.ensure_address_key() from public`,
    `create trigger ensure_address_key before insert on app.client_contacts
       for each row execute function app.ensure_address_key()`,
    `create function app.keyed_hash(organization_id uuid, digest bytea) returns bytea
       language sql stable security definer set search_path = pg_catalog, pg_temp
       begin atomic
         select sha256(k.outer_pad || sha256(k.inner_pad || keyed_hash.digest))
           from ops.address_keys k where k.organization_id = keyed_hash.organization_id;
       end`,
    `revoke all on function app.keyed_hash(uuid, bytea) from public`,
    `comment on function app.keyed_hash(uuid, bytea) is 'HMAC-SHA-256 of a digest with the secret of the organization.'`,
    `grant execute on function app.keyed_hash(uuid, bytea) to app_api, app_worker, app_readonly, app_ops`,
    `alter table app.client_contacts alter column address_hash drop expression`,
    `alter table app.client_contacts alter column address_hash set default ''::bytea`,
    // Over the digest that stands there already, so that an opt-out of an address that was long deleted stays one.
    `create or replace function app.address_hash(organization_id uuid, address text) returns bytea
       language sql stable parallel safe
       return app.keyed_hash(organization_id, sha256(convert_to(organization_id::text || ':' || address, 'UTF8')))`,
    normalizeContact(
      'create or replace',
      '         new.address_hash := app.address_hash(new.organization_id, new.value_normalized);\n',
    ),
  );
  await rewrite(
    db,
    'client_contacts',
    `update app.client_contacts set address_hash = app.keyed_hash(organization_id, address_hash)`,
  );
  await rewrite(
    db,
    'suppressions',
    `update app.suppressions set address_hash = app.keyed_hash(organization_id, address_hash)`,
  );
  await rewrite(
    db,
    'communications',
    `update app.communications set recipient_hash = app.keyed_hash(organization_id, recipient_hash)
      where recipient_hash is not null`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  const digest = (address: string): string => `sha256(convert_to(organization_id::text || ':' || ${address}, 'UTF8'))`;
  // A secret hash has no way back: what belongs to an address that is still known is found by it.
  await rewrite(
    db,
    'suppressions',
    `update app.suppressions s set address_hash = ${digest('k.value_normalized').replaceAll('organization_id', 's.organization_id')}
       from app.client_contacts k where k.organization_id = s.organization_id and k.address_hash = s.address_hash`,
  );
  await rewrite(
    db,
    'communications',
    `update app.communications set recipient_hash = ${digest('lower(recipient)')} where recipient is not null`,
  );
  await run(
    db,
    normalizeContact('create or replace', ''),
    `drop index app.client_contacts_address_hash_idx`,
    `alter table app.client_contacts drop column address_hash`,
    `create or replace function app.address_hash(organization_id uuid, address text) returns bytea
       language sql immutable parallel safe
       return sha256(convert_to(organization_id::text || ':' || address, 'UTF8'))`,
    `alter table app.client_contacts add column address_hash bytea not null
       generated always as (app.address_hash(organization_id, value_normalized)) stored`,
    `comment on column app.client_contacts.address_hash is
       'What suppressions compare, so that they survive the deletion of the address.'`,
    `create index client_contacts_address_hash_idx on app.client_contacts (organization_id, address_hash)`,
    `drop function app.keyed_hash(uuid, bytea)`,
    `drop trigger ensure_address_key on app.client_contacts`,
    `drop trigger give_address_key on app.organizations`,
    `drop function app.ensure_address_key(), app.give_address_key(), app.make_address_key(uuid)`,
    `drop table ops.address_keys`,
  );
}
