import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createExport(db);
  await createErasure(db);
  await createPurge(db);
  await createRetention(db);
}

async function createExport(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    // With the rights of who asks: row security decides what is the organization's to export.
    `create function app.export_client(of_client uuid) returns jsonb
       language plpgsql stable set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
     declare
       part record;
       rows jsonb;
       archive jsonb := '{}';
     begin
       for part in select * from ops.personal_tables p where p.subject = 'client' order by p.place desc loop
         execute format('select coalesce(jsonb_agg(jsonb_strip_nulls(to_jsonb(t) - %L::text[]) order by t.created_at), ''[]'')
           from app.%I t where t.organization_id = $1 and (%s)',
           part.left_out || '{organization_id}', part.table_name, part.rows_of_client)
           into rows using app.current_org_id(), of_client;
         archive := archive || jsonb_build_object(part.table_name, rows);
       end loop;
       return archive;
     end $$`,
    `comment on function app.export_client(uuid) is
       'All rows about a client by table, as ops.personal_tables says where they are; the rights of the caller hold.'`,
    `create function app.describe_export() returns jsonb
       language sql stable set search_path = pg_catalog, pg_temp
     begin atomic
       select jsonb_object_agg(p.table_name, jsonb_build_object('description', obj_description(c.oid, 'pg_class'),
           'columns', (select jsonb_object_agg(a.attname, coalesce(col_description(c.oid, a.attnum), ''))
             from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
              and a.attname <> 'organization_id' and a.attname <> all (p.left_out))))
         from ops.personal_tables p
         join pg_class c on c.relnamespace = 'app'::regnamespace and c.relname = p.table_name
        where p.subject = 'client';
     end`,
    `comment on function app.describe_export() is 'What each table and column of an export means, from the comments of the catalogue.'`,
    `revoke all on function app.export_client(uuid), app.describe_export() from public`,
    `grant execute on function app.export_client(uuid), app.describe_export() to app_api, app_worker`,
  );
}

async function createErasure(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function app.erase_client_of(of_organization uuid, of_client uuid) returns jsonb
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       part record;
       affected bigint;
       financial boolean := false;
       report jsonb := '{}';
       quiet text := coalesce(current_setting('app.quiet', true), '');
     begin
       perform from app.clients c where c.organization_id = of_organization and c.id = of_client for update;
       if not found then return null; end if;
       perform set_config('app.quiet', 'on', true);
       update app.journey_executions e set status = 'cancelled', completed_at = now(), stop_reason = 'erased'
        where e.organization_id = of_organization and e.client_id = of_client and e.completed_at is null;
       for part in select * from ops.personal_tables p where p.subject = 'client' order by p.place loop
         execute case part.erasure
           when 'delete' then format('delete from app.%I t where t.organization_id = $1 and (%s)', part.table_name, part.rows_of_client)
           when 'redact' then format('update app.%I t set %s where t.organization_id = $1 and (%s)', part.table_name, part.redact, part.rows_of_client)
           else format('select from app.%I t where t.organization_id = $1 and (%s)', part.table_name, part.rows_of_client)
           end using of_organization, of_client;
         get diagnostics affected = row_count;
         financial := financial or (affected > 0 and part.table_name in ('payments', 'invoices', 'payment_schedules'));
         if affected > 0 then
           report := report || jsonb_build_object(part.table_name, jsonb_build_object(
             case part.erasure when 'delete' then 'deleted' when 'redact' then 'redacted' else 'kept' end, affected));
         end if;
       end loop;
       perform set_config('app.quiet', quiet, true);
       -- Nothing must be kept for the law: then not even the bare rows are.
       if not financial then
         perform app.remove_client(of_organization, of_client);
         report := report || '{"removed": true}';
       end if;
       return report;
     end $$`,
    `comment on function app.erase_client_of(uuid, uuid) is
       'Erases a client as ops.personal_tables says; without financial records every row goes. The report has counts only. NULL: there is none.'`,
    `create function app.remove_client(of_organization uuid, of_client uuid) returns void
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       part record;
     begin
       for part in select * from ops.personal_tables p
                    where p.subject = 'client' and p.table_name not in ('suppressions', 'webhook_events')
                    order by p.place loop
         execute format('delete from app.%I t where t.organization_id = $1 and (%s)', part.table_name, part.rows_of_client)
           using of_organization, of_client;
       end loop;
     end $$`,
    `create function app.erase_client(of_client uuid) returns jsonb
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       report jsonb := app.erase_client_of(app.current_org_id(), of_client);
     begin
       if report is not null then
         perform audit.record('privacy.erased', 'clients', of_client::text, report);
       end if;
       return report;
     end $$`,
    `comment on function app.erase_client(uuid) is
       'Erases a client of the current organization, at once and for ever. NULL: it has none with this id.'`,
    `revoke all on function app.erase_client_of(uuid, uuid), app.remove_client(uuid, uuid), app.erase_client(uuid) from public`,
    `grant execute on function app.erase_client(uuid) to app_api, app_worker`,
  );
}

/** What is deleted can be restored for a while; then it goes by itself. */
async function createPurge(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function ops.purge_deleted_clients(most integer default 50) returns bigint
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       gone record;
       purged bigint := 0;
     begin
       for gone in
         select c.organization_id, c.id from app.clients c
           left join app.data_retention_policies p
             on p.organization_id = c.organization_id and p.table_name = 'clients'
          where c.deleted_at < now() - make_interval(days => coalesce(p.keep_days, 90))
            and c.erased_at is null
          order by c.deleted_at limit most
       loop
         perform app.erase_client_of(gone.organization_id, gone.id);
         perform set_config('app.organization_id', gone.organization_id::text, true);
         perform audit.record('privacy.purged', 'clients', gone.id::text);
         purged := purged + 1;
       end loop;
       perform set_config('app.organization_id', '', true);
       return purged;
     end $$`,
    `comment on function ops.purge_deleted_clients(integer) is
       'Erases clients that were deleted 90 days ago, or as long as their organization says; at most so many.'`,
    `create function ops.finish_deletions(most integer default 50) returns bigint
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       request app.data_deletion_requests;
       finished bigint := 0;
     begin
       for request in
         select r.* from app.data_deletion_requests r
          where r.status in ('pending', 'running') and r.subject_type = 'client'
            and (r.created_at < now() - interval '24 hours' or not exists (
              select from app.journey_executions e where e.organization_id = r.organization_id
                 and e.client_id = r.subject_id and e.completed_at is null))
            -- Not where it was restored meanwhile; where it is gone already, only the request has to end.
            and not exists (select from app.clients c where c.organization_id = r.organization_id
                               and c.id = r.subject_id and c.deleted_at is null)
          order by r.created_at limit most for update skip locked
       loop
         perform set_config('app.organization_id', request.organization_id::text, true);
         update app.data_deletion_requests r
            set status = 'completed', finished_at = now(), report = coalesce(app.erase_client(request.subject_id), '{"removed": true}')
          where r.id = request.id;
         finished := finished + 1;
       end loop;
       perform set_config('app.organization_id', '', true);
       return finished;
     end $$`,
    `comment on function ops.finish_deletions(integer) is
       'Carries out deletions whose journeys have ended since they were asked for, or after a day in any case.'`,
    `revoke all on function ops.purge_deleted_clients(integer), ops.finish_deletions(integer) from public`,
    `grant execute on function ops.purge_deleted_clients(integer), ops.finish_deletions(integer) to app_ops, app_worker`,
  );
}

async function createRetention(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function ops.apply_retention_policies(most integer default 5000)
       returns table (organization_id uuid, table_name text, affected bigint)
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       policy record;
       n bigint;
     begin
       for policy in
         select p.organization_id, p.table_name, p.action, p.keep_days, t.redact from app.data_retention_policies p
           join ops.personal_tables t on t.table_name = p.table_name
          where p.table_name <> 'clients' order by 1, 2
       loop
         if policy.action = 'delete' then
           execute format('delete from app.%1$I where ctid in (select ctid from app.%1$I t
             where t.organization_id = $1 and t.created_at < now() - make_interval(days => $2) %2$s limit $3)',
             policy.table_name, case policy.table_name when 'tasks' then 'and t.status <> ''open''' else '' end)
             using policy.organization_id, policy.keep_days, most;
         else
           execute format('update app.%1$I set %2$s where ctid in (select ctid from app.%1$I t
             where t.organization_id = $1 and t.created_at < now() - make_interval(days => $2) and %3$s limit $3)',
             policy.table_name, policy.redact,
             case policy.table_name when 'communications' then '(t.content is not null or t.recipient is not null)'
                                    else 't.payload <> ''{}''' end)
             using policy.organization_id, policy.keep_days, most;
         end if;
         get diagnostics n = row_count;
         if n > 0 then
           perform set_config('app.organization_id', policy.organization_id::text, true);
           perform audit.record('privacy.retention', policy.table_name, null, jsonb_build_object('rows', n));
           return query select policy.organization_id, policy.table_name, n;
         end if;
       end loop;
       perform set_config('app.organization_id', '', true);
     end $$`,
    `comment on function ops.apply_retention_policies(integer) is
       'Ends what organizations want kept for a shorter time, at most so many rows of each table; what it did is audited.'`,
    `revoke all on function ops.apply_retention_policies(integer) from public`,
    `grant execute on function ops.apply_retention_policies(integer) to app_ops, app_worker`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop function ops.apply_retention_policies(integer), ops.finish_deletions(integer), ops.purge_deleted_clients(integer),
       app.erase_client(uuid), app.remove_client(uuid, uuid), app.erase_client_of(uuid, uuid), app.describe_export(),
       app.export_client(uuid)`,
  );
}
