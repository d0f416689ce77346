import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createStatementWatch(db);
  await run(
    db,
    // A size is worth a word, and only far later a warning.
    `insert into ops.thresholds (check_name, warning, critical) values ('large_table', 1024 ^ 3, 10 * 1024 ^ 3)`,
    `create function ops.check_system_alerts() returns setof ops.alerts
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     begin
       -- One at a time: two checks at once would open an alert twice.
       perform pg_advisory_xact_lock(hashtext('wedsync/alerts'));
       with found as materialized (
         select c.check_name as code, ''::text as subject,
                case c.state when 'critical' then 'critical' else 'warning' end as severity,
                c.message, c.value, case c.state when 'critical' then c.critical else c.warning end as threshold
           from ops.health_checks() c where c.state in ('warning', 'critical')
         union all
         select 'large_table', t.table_name, case when t.total_bytes >= h.critical then 'warning' else 'info' end,
                format('%s has grown to %s. That is normal growth from about a million messages on; look at what it keeps.',
                  t.table_name, pg_size_pretty(t.total_bytes)),
                t.total_bytes, case when t.total_bytes >= h.critical then h.critical else h.warning end
           from ops.get_table_sizes() t join ops.thresholds h on h.check_name = 'large_table' and t.total_bytes >= h.warning
         union all
         select 'slow_statement', s.query_id::text, 'warning',
                format('%s calls since the last check took %s ms each: %s', s.calls, round(s.mean_ms::numeric), left(s.query, 200)),
                round(s.mean_ms::numeric), 1000
           from ops.slow_statements() s
         union all
         select 'limit_reached', u.organization_id::text || '/' || u.resource, 'info',
                format('%s uses %s of %s %s.', u.organization_name, u.used, u.allowed, u.resource), u.used, u.allowed
           from ops.get_resource_usage_by_supplier() u where u.used >= u.allowed
       ), still_open as (
         update ops.alerts a
            set last_seen_at = now(), severity = f.severity, message = f.message, value = f.value, threshold = f.threshold
           from found f where a.closed_at is null and a.code = f.code and a.subject = f.subject
       ), gone as (
         update ops.alerts a set closed_at = now()
          where a.closed_at is null and not exists (select from found f where f.code = a.code and f.subject = a.subject)
       )
       insert into ops.alerts (code, subject, severity, message, value, threshold)
         select f.code, f.subject, f.severity, f.message, f.value, f.threshold from found f
          where not exists (select from ops.alerts a where a.closed_at is null and a.code = f.code and a.subject = f.subject);
       return query select * from ops.alerts a where a.closed_at is null
         order by array_position(array['critical', 'warning', 'info'], a.severity), a.since, a.id;
     end $$`,
    `comment on function ops.check_system_alerts() is
       'Looks at everything that can be known here, opens and closes alerts in ops.alerts, and gives those that are open. Waiting inside the programs (pool, provider) is not visible here: their metrics tell it.'`,
    `revoke all on function ops.check_system_alerts() from public`,
    `grant execute on function ops.check_system_alerts() to app_ops, app_worker`,
  );
}

/** What has finished can only be known from pg_stat_statements, which a server loads at its start, or does not. */
async function createStatementWatch(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function ops.slow_statements() returns table (query_id bigint, calls bigint, mean_ms double precision, query text)
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       place text;
       before timestamptz := (select max(taken_at) from ops.statement_snapshots);
     begin
       select e.extnamespace::regnamespace::text into place from pg_extension e where e.extname = 'pg_stat_statements';
       if place is null
          or current_setting('shared_preload_libraries') not like '%pg_stat_statements%' then return; end if;
       execute format('insert into ops.statement_snapshots (taken_at, query_id, calls, total_ms, query)
         select now(), s.queryid, sum(s.calls), sum(s.total_exec_time), left(min(s.query), 2000) from %s.pg_stat_statements s
          where s.queryid is not null and s.dbid = (select oid from pg_database where datname = current_database())
          group by s.queryid on conflict do nothing', place);
       delete from ops.statement_snapshots where taken_at < least(before, now());
       return query
         select n.query_id, n.calls - coalesce(o.calls, 0), (n.total_ms - coalesce(o.total_ms, 0)) / (n.calls - coalesce(o.calls, 0)),
                n.query
           from ops.statement_snapshots n
           left join ops.statement_snapshots o on o.query_id = n.query_id and o.taken_at = before and o.calls <= n.calls
          where n.taken_at = now() and before is not null and n.calls > coalesce(o.calls, 0)
            and (n.total_ms - coalesce(o.total_ms, 0)) / (n.calls - coalesce(o.calls, 0)) > 1000;
     end $$`,
    `comment on function ops.slow_statements() is
       'Statements that took more than 1 s on average since the last call. No row where pg_stat_statements is not loaded: then nothing is known.'`,
    `revoke all on function ops.slow_statements() from public`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop function ops.check_system_alerts(), ops.slow_statements()`,
    `delete from ops.thresholds where check_name = 'large_table'`,
  );
}
