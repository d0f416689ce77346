import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function ops.get_table_sizes()
       returns table (table_name text, partitions bigint, total_bytes bigint, table_bytes bigint, index_bytes bigint,
         estimated_rows bigint, dead_rows bigint, last_vacuum_at timestamptz)
       language sql stable security definer set search_path = pg_catalog, pg_temp
     begin atomic
       select coalesce(pg_partition_root(c.oid), c.oid)::regclass::text, count(*) filter (where c.relispartition),
              sum(pg_total_relation_size(c.oid))::bigint, sum(pg_table_size(c.oid))::bigint,
              sum(pg_indexes_size(c.oid))::bigint, sum(greatest(s.n_live_tup, 0))::bigint,
              sum(greatest(s.n_dead_tup, 0))::bigint, max(greatest(s.last_vacuum, s.last_autovacuum))
         from pg_class c left join pg_stat_user_tables s on s.relid = c.oid
        where c.relkind in ('r', 'm') and c.relnamespace::regnamespace::text in ('app', 'audit', 'ops')
        group by 1 order by 3 desc;
     end`,
    `comment on function ops.get_table_sizes() is
       'Size of each table with its partitions and indexes. Rows are the server''s estimates, not counted.'`,

    // last_idx_scan is there from PostgreSQL 16 on, so the row is asked for by name.
    `create function ops.get_index_usage_stats()
       returns table (table_name text, index_name text, scans bigint, last_used_at timestamptz, bytes bigint,
         is_unique boolean, is_valid boolean, counted_since timestamptz, remark text)
       language sql stable security definer set search_path = pg_catalog, pg_temp
     begin atomic
       select s.relid::regclass::text, s.indexrelname::text, s.idx_scan,
              (to_jsonb(s) ->> 'last_idx_scan')::timestamptz, pg_relation_size(s.indexrelid), i.indisunique, i.indisvalid,
              d.stats_reset,
              case when not i.indisvalid then 'broken: a concurrent build failed; drop it and build it again'
                   when s.idx_scan = 0 and i.indisunique then 'never read, but it keeps values unique'
                   when s.idx_scan = 0 then 'never read on this server since counting began; a replica counts for itself'
              end
         from pg_stat_user_indexes s
         join pg_index i on i.indexrelid = s.indexrelid
         join pg_stat_database d on d.datname = current_database()
        where s.schemaname in ('app', 'audit', 'ops')
        order by s.idx_scan, 5 desc;
     end`,
    `comment on function ops.get_index_usage_stats() is
       'How often each index was read since the server began to count. It cannot know what a replica reads.'`,

    `create function ops.get_resource_usage_by_supplier(of_organization uuid default null)
       returns table (organization_id uuid, organization_name text, resource text, used bigint, allowed integer,
         percent numeric)
       language sql stable security definer set search_path = pg_catalog, pg_temp
     begin atomic
       select o.id, o.name, r.resource, r.used, r.allowed, round(100.0 * r.used / nullif(r.allowed, 0), 1)
         from app.organizations o
        cross join lateral (values
          ('clients', (select count(*) from app.clients c
                        where c.organization_id = o.id and c.deleted_at is null and c.status <> 'archived'), o.max_clients),
          ('journeys', (select count(*) from app.journeys j
                         where j.organization_id = o.id and j.deleted_at is null and j.status <> 'archived'), o.max_journeys),
          ('forms', (select count(*) from app.forms f
                      where f.organization_id = o.id and f.deleted_at is null and f.status <> 'archived'), o.max_forms),
          ('users', (select count(*) from app.user_profiles u where u.organization_id = o.id), o.max_users),
          ('submissions', (select count(*) from app.form_submissions s
                            where s.organization_id = o.id and s.status <> 'draft'
                              and s.submitted_at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'),
            o.max_submissions),
          -- By created_at, for which there is an index of each organization: this is asked every minute.
          ('messages_this_month', (select count(*) from app.communications m
                                    where m.organization_id = o.id and m.direction = 'outbound' and m.sent_at is not null
                                      and m.created_at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'),
            null::integer)
        ) as r (resource, used, allowed)
        where o.deleted_at is null and (of_organization is null or o.id = of_organization)
        order by o.name, o.id, r.resource;
     end`,
    `comment on function ops.get_resource_usage_by_supplier(uuid) is
       'What each organization uses of what its subscription allows; allowed NULL: no limit. Counted now, month in UTC.'`,
    `revoke all on function ops.get_table_sizes(), ops.get_index_usage_stats(), ops.get_resource_usage_by_supplier(uuid)
       from public`,
    `grant execute on function ops.get_table_sizes(), ops.get_index_usage_stats(),
       ops.get_resource_usage_by_supplier(uuid) to app_ops`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop function ops.get_resource_usage_by_supplier(uuid), ops.get_index_usage_stats(), ops.get_table_sizes()`,
  );
}
