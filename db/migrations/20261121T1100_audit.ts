import { run, type MigrationDatabase } from '../migrate/statements.ts';

/**
 * What of a table that tells something about a person stands in the audit in clear: words of our own vocabulary. Any
 * other text, list or JSON of such a table is masked, so that a column which nobody thought of is masked too.
 */
const PLAIN_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  clients: ['wedding_timezone'],
  client_contacts: ['role', 'timezone', 'locale'],
  invoices: ['invoice_number', 'currency'],
  payments: ['kind', 'currency', 'failure_code', 'stripe_payment_intent_id'],
  core_field_values: ['field_key'],
  tasks: ['assignee_role'],
  approvals: ['step_key'],
};

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create schema audit`,
    `comment on schema audit is 'Who changed what: written by triggers, never changed, sealed daily.'`,
    `grant usage on schema audit to app_api, app_worker, app_auth, app_readonly, app_ops`,
  );
  await createLog(db);
  await createMask(db);
  await createTriggers(db);
}

async function createLog(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create table audit.audit_logs (
       id bigint generated always as identity,
       occurred_at timestamptz not null default now(),
       retention_class text not null,
       organization_id uuid,
       actor text not null,
       actor_type text not null,
       user_id uuid,
       request_id text,
       table_name text not null,
       record_id text,
       action text not null,
       changed_columns text[],
       old_values jsonb,
       new_values jsonb,
       xact xid8 not null default pg_current_xact_id(),
       primary key (retention_class, occurred_at, id),
       constraint audit_logs_retention_class_check check (retention_class in ('standard', 'financial')),
       constraint audit_logs_action_check check (action ~ '^[a-z][a-z0-9_.]{0,59}$'),
       constraint audit_logs_actor_type_check check (actor_type in (
         'user', 'worker', 'relay', 'api_key', 'system', 'admin', 'couple', 'migration', 'database'))
     ) partition by list (retention_class)`,
    `comment on table audit.audit_logs is
       'One change of one row, or one deed that changes no row (an export, a sign-in). By retention class, then by month.'`,
    `comment on column audit.audit_logs.organization_id is 'NULL: it concerns no single organization. No foreign key: it outlives it.'`,
    `comment on column audit.audit_logs.actor is 'app.actor of the transaction: user:<id>, worker ...; without one database:<role>.'`,
    `comment on column audit.audit_logs.action is 'insert, update, delete, or a word for a deed, such as privacy.export.'`,
    `comment on column audit.audit_logs.old_values is 'Of an update the changed columns, of a delete all. What tells something about a person is masked: the same value has the same mask within an organization.'`,
    ...['standard', 'financial'].map(
      (kind) => `create table audit.audit_logs_${kind} partition of audit.audit_logs for values in ('${kind}')
         partition by range (occurred_at)`,
    ),
    `create index audit_logs_record_idx on audit.audit_logs (organization_id, table_name, record_id, occurred_at)`,
    `create index audit_logs_feed_idx on audit.audit_logs (organization_id, occurred_at)`,
    // Numbers grow with time: a few pages tell in which blocks the rows of a seal lie.
    `create index audit_logs_id_idx on audit.audit_logs using brin (id)`,
    ...['audit_logs', 'audit_logs_standard', 'audit_logs_financial'].flatMap((table) => [
      `alter table audit.${table} enable row level security`,
      `alter table audit.${table} force row level security`,
      `create policy owner_all on audit.${table} for all to app_owner using (true) with check (true)`,
    ]),
    `create policy tenant on audit.audit_logs for select to app_api, app_readonly
       using (organization_id = (select app.current_org_id()))`,
    `create policy ops on audit.audit_logs for select to app_ops using (true)`,
    `grant select on audit.audit_logs to app_api, app_readonly, app_ops`,

    `create function audit.refuse_change() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
     begin
       raise exception 'Audit rows are never changed or deleted; they end with their month.' using errcode = '42501';
     end $$`,
    `create trigger refuse_change before update or delete on audit.audit_logs
       for each row execute function audit.refuse_change()`,
    `create trigger refuse_truncate before truncate on audit.audit_logs
       for each statement execute function audit.refuse_change()`,

    `create function audit.ensure_partitions(months_ahead integer default 3) returns integer
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       parent text;
       partition text;
       starts date;
       created integer := 0;
     begin
       foreach parent in array array['audit_logs_standard', 'audit_logs_financial'] loop
         for month in -1 .. months_ahead loop
           starts := (date_trunc('month', now() at time zone 'UTC') + make_interval(months => month))::date;
           partition := parent || to_char(starts, '"_y"YYYY"m"MM');
           continue when to_regclass(format('audit.%I', partition)) is not null;
           execute format('create table audit.%I partition of audit.%I for values from (%L) to (%L)', partition, parent,
             starts::timestamp at time zone 'UTC', (starts + interval '1 month') at time zone 'UTC');
           execute format('alter table audit.%I enable row level security', partition);
           execute format('alter table audit.%I force row level security', partition);
           execute format('create policy owner_all on audit.%I for all to app_owner using (true) with check (true)', partition);
           execute format('create trigger refuse_truncate before truncate on audit.%I
             for each statement execute function audit.refuse_change()', partition);
           created := created + 1;
         end loop;
       end loop;
       return created;
     end $$`,
    `comment on function audit.ensure_partitions(integer) is
       'Creates the missing month partitions of the audit, from last month to months_ahead months from now; says how many.'`,
    `revoke all on function audit.ensure_partitions(integer), audit.refuse_change() from public`,
    `grant execute on function audit.ensure_partitions(integer) to app_ops, app_relay, app_worker`,
    `select audit.ensure_partitions(3)`,
  );
}

/** What stands in the audit instead of a name or an address. */
async function createMask(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create table audit.mask_keys (
       organization_id uuid primary key,
       key bytea not null default sha256(convert_to(
         gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')),
       created_at timestamptz not null default now()
     )`,
    `comment on table audit.mask_keys is
       'The secret of each organization with which its audit masks values. It goes with the organization, and then nobody can even compare masks. The zero id is for what belongs to none.'`,
    `alter table audit.mask_keys enable row level security`,
    `alter table audit.mask_keys force row level security`,
    `create policy owner_all on audit.mask_keys for all to app_owner using (true) with check (true)`,
    `insert into audit.mask_keys (organization_id)
       select id from app.organizations union all select '00000000-0000-0000-0000-000000000000'`,
    `create function audit.keep_mask_key() returns trigger language plpgsql security definer
       set search_path = pg_catalog, pg_temp as $$
     begin
       if tg_op = 'INSERT' then
         insert into audit.mask_keys (organization_id) values (new.id) on conflict do nothing;
       else
         delete from audit.mask_keys where organization_id = old.id;
       end if;
       return null;
     end $$`,
    `revoke all on function audit.keep_mask_key() from public`,
    // Its name comes before those of the audit's triggers, which need the key.
    `create trigger a_keep_mask_key after insert or delete on app.organizations
       for each row execute function audit.keep_mask_key()`,

    // Keyed twice, so that nobody who sees masks can try out names, nor lengthen what was hashed.
    `create function audit.mask(key bytea, value jsonb) returns jsonb
       language sql immutable parallel safe
       return case when value is null or value = 'null'::jsonb then 'null'::jsonb
              else to_jsonb('~' || left(encode(sha256(key || sha256(key || convert_to(value::text, 'UTF8'))), 'hex'), 16))
              end`,
    `create function audit.shown(record jsonb, columns text[], plain text[], key bytea) returns jsonb
       language sql immutable parallel safe
       return (select jsonb_object_agg(name,
                        case when name = any (plain) then record -> name else audit.mask(key, record -> name) end)
                 from unnest(columns) as name)`,
    `comment on function audit.shown(jsonb, text[], text[], bytea) is
       'These columns of a row as the audit keeps them: the plain ones as they are, the others masked.'`,
    `revoke all on function audit.mask(bytea, jsonb), audit.shown(jsonb, text[], text[], bytea) from public`,

    `create table audit.plain_columns (
       table_name text not null,
       column_name text not null,
       primary key (table_name, column_name)
     )`,
    `comment on table audit.plain_columns is
       'Columns of tables with personal data which the audit keeps in clear, beside ids, dates, numbers and closed lists.'`,
    `alter table audit.plain_columns enable row level security`,
    `alter table audit.plain_columns force row level security`,
    `create policy owner_all on audit.plain_columns for all to app_owner using (true) with check (true)`,
    `insert into audit.plain_columns values ${Object.entries(PLAIN_COLUMNS)
      .flatMap(([table, columns]) => columns.map((column) => `('${table}', '${column}')`))
      .join(', ')}`,
  );
}

async function createTriggers(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function audit.actor() returns text language sql stable
       return coalesce(nullif(current_setting('app.actor', true), ''), 'database:' || session_user)`,
    `create function audit.actor_type(actor text) returns text language sql immutable
       return case when split_part(actor, ':', 1) in (
           'user', 'worker', 'relay', 'api_key', 'admin', 'couple', 'migration', 'database')
         then split_part(actor, ':', 1) else 'system' end`,
    `create function audit.actor_user(actor text) returns uuid language sql immutable
       return case when actor ~ '^user:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then substr(actor, 6)::uuid end`,
    `revoke all on function audit.actor(), audit.actor_type(text), audit.actor_user(text) from public`,
    functionText(),
    attach(),
    attachAll(),
    detach(),
    recordDeed(),
    attachByDecision(),
    `comment on function audit.function_text(text) is
       'Body of the trigger function that audits a table of app, for the columns it has now.'`,
    `comment on function audit.attach(text) is
       'Audits a table of app from now on, or anew after its columns changed, as ops.table_decisions says.'`,
    `comment on function audit.record(text, text, text, jsonb) is
       'Audits a deed that changes no row. details must not tell anything about a person.'`,
    `revoke all on function audit.function_text(text), audit.attach(text), audit.attach_all(),
       audit.detach(text), audit.attach_by_decision() from public`,
    `revoke all on function audit.record(text, text, text, jsonb) from public`,
    `grant execute on function audit.record(text, text, text, jsonb) to app_api, app_worker, app_auth, app_ops`,
    `create trigger attach_by_decision after insert or update or delete on ops.table_decisions
       for each row execute function audit.attach_by_decision()`,
    `comment on function audit.attach_all() is
       'Brings the audit of every table up to date with its columns. The migration runner calls it after each migration.'`,
    `select audit.attach_all()`,
  );
}

/**
 * The function is written for each table with its columns in it: comparing them by name in static SQL is several times
 * faster than taking both rows apart as JSON, and ten thousand couples may move in one statement.
 */
const functionText = (): string => `
  create function audit.function_text(of_table text) returns text language plpgsql stable
    set search_path = pg_catalog, pg_temp as $outer$
  declare
    decision ops.table_decisions;
    relation oid := format('app.%I', of_table)::regclass;
    has_organization boolean;
    organization text;
    key_column text;
    kept text[];
    plain text[];
    compared text;
    head text;
    context text;
  begin
    select * into strict decision from ops.table_decisions where table_name = of_table;
    select array_agg(a.attname::text order by a.attnum),
           array_agg(a.attname::text order by a.attnum) filter (where not decision.personal_data
             or a.atttypid not in ('text'::regtype, 'varchar'::regtype, 'jsonb'::regtype, 'json'::regtype,
                                   'text[]'::regtype, 'inet'::regtype)
             or exists (select from audit.plain_columns p where p.table_name = of_table and p.column_name = a.attname)
             or exists (select from pg_constraint c where c.conrelid = relation and c.contype = 'c'
                          and c.conkey = array[a.attnum] and pg_get_constraintdef(c.oid) like '%= ANY (ARRAY[%')),
           string_agg(format('case when n.%1$I is distinct from o.%1$I then %1$L end', a.attname), ', '
                      order by a.attnum)
      into kept, plain, compared
      from pg_attribute a
     where a.attrelid = relation and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
       and a.atttypid <> 'bytea'::regtype and a.attname not in ('updated_at', 'version');
    has_organization := exists (select from pg_attribute where attrelid = relation and attname = 'organization_id'
                                   and not attisdropped);
    key_column := case when exists (select from pg_attribute where attrelid = relation and attname = 'id'
                                      and not attisdropped) then 'id' else 'organization_id' end;
    organization := case when has_organization then '%1$s.organization_id'
                         when of_table = 'organizations' then '%1$s.id' else 'null::uuid' end;
    head := format('insert into audit.audit_logs (retention_class, organization_id, actor, actor_type, user_id, request_id,
      table_name, record_id, action, changed_columns, old_values, new_values)
      select %L, ', decision.audit);
    context := format(', acting, acting_type, acting_user, request, %L, ', of_table);
    return format($body$
declare
  acting constant text := audit.actor();
  acting_type constant text := audit.actor_type(acting);
  acting_user constant uuid := audit.actor_user(acting);
  request constant text := nullif(current_setting('app.request_id', true), '');
  kept constant text[] := %1$L;
  plain constant text[] := %2$L;
begin
  if tg_op = 'INSERT' then
    %3$s
    %4$s%5$sn.%6$I::text, 'insert', null, null, audit.shown(to_jsonb(n), kept, plain, k.key)
      from new_rows n left join audit.mask_keys k on k.organization_id = coalesce(%4$s, %9$L);
  elsif tg_op = 'UPDATE' then
    %3$s
    %4$s%5$sn.%6$I::text, 'update', d.changed, 
      (select jsonb_object_agg(c, case when c = any (plain) then j.o -> c else audit.mask(k.key, j.o -> c) end) from unnest(d.changed) as c),
      (select jsonb_object_agg(c, case when c = any (plain) then j.n -> c else audit.mask(k.key, j.n -> c) end) from unnest(d.changed) as c)
      from new_rows n join old_rows o using (%6$I)
      cross join lateral (select array_remove(array[%7$s], null) as changed offset 0) d
      cross join lateral (select to_jsonb(o) as o, to_jsonb(n) as n offset 0) j
      left join audit.mask_keys k on k.organization_id = coalesce(%4$s, %9$L)
     where cardinality(d.changed) > 0;
  else
    %3$s
    %8$s%5$so.%6$I::text, 'delete', null, audit.shown(to_jsonb(o), kept, plain, k.key), null
      from old_rows o left join audit.mask_keys k on k.organization_id = coalesce(%8$s, %9$L);
  end if;
  return null;
end $body$,
      kept, plain, head, format(organization, 'n'), context, key_column, compared, format(organization, 'o'),
      '00000000-0000-0000-0000-000000000000');
  end $outer$`;

const attach = (): string => `
  create function audit.attach(to_table text) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
  begin
    execute format('create or replace function audit.%I() returns trigger language plpgsql security definer
      set search_path = pg_catalog, pg_temp set timezone = ''UTC'' as %L', 'log_' || to_table, audit.function_text(to_table));
    execute format('revoke all on function audit.%I() from public', 'log_' || to_table);
    execute format('create or replace trigger audit_insert after insert on app.%I
      referencing new table as new_rows for each statement execute function audit.%I()', to_table, 'log_' || to_table);
    execute format('create or replace trigger audit_update after update on app.%I
      referencing old table as old_rows new table as new_rows for each statement execute function audit.%I()',
      to_table, 'log_' || to_table);
    execute format('create or replace trigger audit_delete after delete on app.%I
      referencing old table as old_rows for each statement execute function audit.%I()', to_table, 'log_' || to_table);
  end $$`;

const attachAll = (): string => `
  create function audit.attach_all() returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
  declare
    audited text;
  begin
    for audited in
      select d.table_name from ops.table_decisions d
       where d.audit <> 'none' and not exists (
         select from pg_proc p where p.pronamespace = 'audit'::regnamespace and p.proname = 'log_' || d.table_name
            and p.prosrc = audit.function_text(d.table_name))
       order by 1
    loop
      perform audit.attach(audited);
    end loop;
  end $$`;

const detach = (): string => `
  create function audit.detach(from_table text) returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
  begin
    -- The table may be gone already, and its triggers with it.
    if to_regclass(format('app.%I', from_table)) is not null then
      execute format('drop trigger if exists audit_insert on app.%I', from_table);
      execute format('drop trigger if exists audit_update on app.%I', from_table);
      execute format('drop trigger if exists audit_delete on app.%I', from_table);
    end if;
    execute format('drop function if exists audit.%I()', 'log_' || from_table);
  end $$`;

/** A deed has no row of its own in the transaction, so its number must come after the transaction's: seals rely on it. */
const recordDeed = (): string => `
  create function audit.record(action text, subject_type text, subject_id text, details jsonb default '{}')
    returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
  begin
    perform pg_current_xact_id();
    insert into audit.audit_logs (retention_class, organization_id, actor, actor_type, user_id, request_id, table_name,
        record_id, action, new_values)
      values ('standard', app.current_org_id(), audit.actor(), audit.actor_type(audit.actor()),
        audit.actor_user(audit.actor()), nullif(current_setting('app.request_id', true), ''), subject_type, subject_id,
        action, nullif(details, '{}'));
  end $$`;

const attachByDecision = (): string => `
  create function audit.attach_by_decision() returns trigger language plpgsql
    set search_path = pg_catalog, pg_temp as $$
  begin
    if tg_op <> 'INSERT' then perform audit.detach(old.table_name); end if;
    if tg_op <> 'DELETE' and new.audit <> 'none' then perform audit.attach(new.table_name); end if;
    return null;
  end $$`;

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop trigger attach_by_decision on ops.table_decisions`,
    `drop trigger a_keep_mask_key on app.organizations`,
    `do $$ declare t text; begin
       for t in select table_name from ops.table_decisions where audit <> 'none' loop
         perform audit.detach(t);
       end loop;
     end $$`,
    `drop table audit.audit_logs, audit.mask_keys, audit.plain_columns`,
    `drop function audit.attach_by_decision(), audit.record(text, text, text, jsonb), audit.detach(text),
       audit.attach_all(), audit.attach(text), audit.function_text(text), audit.actor_user(text), audit.actor_type(text), audit.actor(),
       audit.shown(jsonb, text[], text[], bytea), audit.mask(bytea, jsonb), audit.keep_mask_key(),
       audit.ensure_partitions(integer), audit.refuse_change()`,
    `drop schema audit`,
  );
}
