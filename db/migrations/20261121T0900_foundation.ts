import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create schema app`,
    `comment on schema app is 'What belongs to organizations: every table has row security by organization_id.'`,
    `grant usage on schema app to app_api, app_worker, app_relay, app_auth, app_readonly, app_ops`,
    `grant usage on schema ops to app_api, app_worker, app_relay, app_readonly, app_ops`,

    `grant select on ops.migrations to app_api, app_worker, app_relay, app_readonly, app_ops`,
    `grant select on ops.migration_runs to app_ops`,

    // An unset setting is NULL on a fresh connection, but '' after the first transaction that set it locally: both
    // must mean "no organization", and no row.
    `create function app.current_org_id() returns uuid
       language sql stable parallel safe
       return nullif(current_setting('app.organization_id', true), '')::uuid`,
    `comment on function app.current_org_id() is
       'The organization of the current transaction, set by withTenant; NULL outside one, which shows no rows.'`,

    `create function app.set_updated_at() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
     begin
       new.updated_at := now();
       return new;
     end $$`,

    // Immutable in fact: the server's encoding is always UTF8 here. Equality on bytea is leakproof, so an index on the
    // hash still helps under row security.
    `create function app.address_hash(organization_id uuid, address text) returns bytea
       language sql immutable parallel safe
       return sha256(convert_to(organization_id::text || ':' || address, 'UTF8'))`,
    `comment on function app.address_hash(uuid, text) is
       'What remains of an address after it is deleted, so that an opt-out outlives it; different for each organization.'`,

    // The server also takes abbreviations and POSIX rules such as FOO3; a zone here is a name of the IANA database.
    `create function app.is_time_zone(name text) returns boolean
       language plpgsql immutable strict parallel safe set search_path = pg_catalog, pg_temp as $$
     begin
       if name !~ '^(UTC|[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+){1,2})$' then return false; end if;
       perform timezone(name, timestamptz '2000-01-01 00:00:00+00');
       return true;
     exception when invalid_parameter_value then
       return false;
     end $$`,

    `create function app.iso_instant(at timestamptz) returns text language sql stable parallel safe
       return to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`,
    `comment on function app.iso_instant(timestamptz) is 'An instant as the planner writes it: UTC with Z, to the second.'`,

    `create table ops.table_decisions (
       table_name text primary key,
       audit text not null check (audit in ('standard', 'financial', 'none')),
       audit_reason text,
       retention text not null,
       personal_data boolean not null,
       constraint table_decisions_reason_check check ((audit = 'none') = (audit_reason is not null))
     )`,
    `comment on table ops.table_decisions is
       'For each table of app: is it audited, how long do rows stay, does it tell something about a person.'`,
    `grant select on ops.table_decisions to app_api, app_worker, app_relay, app_readonly, app_ops`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop table ops.table_decisions`,
    `drop function app.iso_instant(timestamptz)`,
    `drop function app.is_time_zone(text)`,
    `drop function app.address_hash(uuid, text)`,
    `drop function app.set_updated_at()`,
    `drop function app.current_org_id()`,
    `revoke select on ops.migration_runs from app_ops`,
    `revoke select on ops.migrations from app_api, app_worker, app_relay, app_readonly, app_ops`,
    `revoke usage on schema ops from app_api, app_worker, app_relay, app_readonly, app_ops`,
    `drop schema app`,
  );
}
