import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createDashboards(db);
  await createPerformanceSummary(db);
  await createPlatformMetrics(db);
  await createDailyStats(db);
}

async function createDashboards(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create view app.couple_dashboard_summary with (security_invoker = true) as
       select c.organization_id, c.id as client_id, c.partner_1_name, c.partner_2_name, c.status, c.wedding_date,
              c.wedding_date - (now() at time zone coalesce(c.wedding_timezone, o.timezone))::date as days_to_wedding,
              e.active_journeys, e.next_action_at, e.needs_attention, m.messages_sent, m.last_message_at, t.open_tasks,
              p.amount_due, p.amount_paid, p.next_due_on
         from app.clients c
         join app.organizations o on o.id = c.organization_id
        cross join lateral (
          select count(*) as active_journeys, min(x.next_action_at) as next_action_at,
                 coalesce(bool_or(x.blocked), false) as needs_attention
            from app.journey_executions x
           where x.organization_id = c.organization_id and x.client_id = c.id and x.completed_at is null) e
        cross join lateral (
          select count(*) as messages_sent, max(x.sent_at) as last_message_at from app.communications x
           where x.organization_id = c.organization_id and x.client_id = c.id and x.direction = 'outbound'
             and x.sent_at is not null) m
        cross join lateral (
          select count(*) as open_tasks from app.tasks x
           where x.organization_id = c.organization_id and x.client_id = c.id and x.status = 'open') t
        cross join lateral (
          select coalesce(sum(x.amount) filter (where x.status in ('pending', 'failed')), 0) as amount_due,
                 coalesce(sum(x.amount - x.amount_refunded) filter (where x.status in ('succeeded', 'partially_refunded')), 0) as amount_paid,
                 min(x.due_on) filter (where x.status in ('pending', 'failed')) as next_due_on
            from app.payments x where x.organization_id = c.organization_id and x.client_id = c.id) p
        where c.deleted_at is null`,
    `comment on view app.couple_dashboard_summary is
       'One row a couple of the organization: wedding, journeys, messages, tasks, money (smallest unit; one currency is assumed).'`,
    `create view app.supplier_dashboard_summary with (security_invoker = true) as
       select o.id as organization_id, o.name, c.leads, c.booked, c.weddings_in_30_days, e.running_journeys,
              e.needs_attention, s.due_today, a.waiting_for_approval, m.sent_in_7_days, m.not_delivered_in_7_days,
              p.overdue_payments, p.overdue_amount
         from app.organizations o
        cross join lateral (
          select count(*) filter (where x.status = 'lead') as leads, count(*) filter (where x.status = 'booked') as booked,
                 count(*) filter (where x.status = 'booked' and x.wedding_date - (now() at time zone o.timezone)::date
                                        between 0 and 30) as weddings_in_30_days
            from app.clients x where x.organization_id = o.id and x.deleted_at is null) c
        cross join lateral (
          select count(*) as running_journeys, count(*) filter (where x.blocked) as needs_attention
            from app.journey_executions x where x.organization_id = o.id and x.status in ('pending', 'active', 'paused')) e
        cross join lateral (
          select count(*) as due_today from app.journey_step_executions x
           where x.organization_id = o.id and x.ended_at is null
             and x.scheduled_for < ((now() at time zone o.timezone)::date + 1)::timestamp at time zone o.timezone) s
        cross join lateral (
          select count(*) as waiting_for_approval from app.approvals x
           where x.organization_id = o.id and x.decision is null) a
        cross join lateral (
          select count(*) filter (where x.sent_at is not null) as sent_in_7_days,
                 count(*) filter (where x.status in ('bounced', 'failed', 'unknown')) as not_delivered_in_7_days
            from app.communications x
           where x.organization_id = o.id and x.direction = 'outbound' and x.created_at > now() - interval '7 days') m
        cross join lateral (
          select count(*) as overdue_payments, coalesce(sum(x.amount), 0) as overdue_amount from app.payments x
           where x.organization_id = o.id and x.status in ('pending', 'failed')
             and x.due_on < (now() at time zone o.timezone)::date) p`,
    `comment on view app.supplier_dashboard_summary is
       'The organization at a glance, one row: couples, journeys, what is due today by its own day, messages, money.'`,
    `grant select on app.couple_dashboard_summary, app.supplier_dashboard_summary to app_api, app_worker, app_readonly`,
  );
}

async function createPerformanceSummary(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create view ops.database_performance_summary as
       select m.metric, m.value, m.unit, d.stats_reset as counted_since, m.remark
         from pg_stat_database d
        cross join lateral (values
          ('cache_hits', round(100.0 * d.blks_hit / nullif(d.blks_hit + d.blks_read, 0), 2), 'percent',
            'of the server''s own cache; what the operating system had is counted as read'),
          ('transactions', d.xact_commit::numeric, 'count', 'committed'),
          ('rollbacks', d.xact_rollback::numeric, 'count', 'refused and broken off ones together'),
          ('deadlocks', d.deadlocks::numeric, 'count', ''),
          ('temporary_files', d.temp_bytes::numeric, 'bytes', 'sorts and joins that did not fit into work_mem'),
          ('connections', d.numbackends::numeric, 'count', 'now, to this database'),
          ('size', pg_database_size(d.datname)::numeric, 'bytes', 'with indexes, without the log')
        ) as m (metric, value, unit, remark)
        where d.datname = current_database()`,
    `comment on view ops.database_performance_summary is
       'Counters of this server since they were last reset. They say nothing of percentiles: the programs measure those.'`,
    `grant select on ops.database_performance_summary to app_ops`,
  );
}

async function createPlatformMetrics(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create materialized view ops.wedding_platform_metrics as
       select m.metric, m.value, now() as as_of
         from (
           select 'organizations' as metric, count(*) as value from app.organizations where deleted_at is null
           union all select 'couples_' || status, count(*) from app.clients where deleted_at is null group by status
           union all select 'weddings_in_7_days', count(*) from app.clients
                      where deleted_at is null and status = 'booked' and wedding_date between current_date and current_date + 7
           union all select 'weddings_in_30_days', count(*) from app.clients
                      where deleted_at is null and status = 'booked' and wedding_date between current_date and current_date + 30
           union all select 'journeys_active', count(*) from app.journeys where status = 'active' and deleted_at is null
           union all select 'executions_' || status, count(*) from app.journey_executions group by status
           union all select 'messages_in_24_hours', count(*) from app.communications where sent_at > now() - interval '24 hours'
           union all select 'messages_unknown', count(*) from app.communications where status = 'unknown'
         ) m`,
    `create unique index wedding_platform_metrics_key on ops.wedding_platform_metrics (metric)`,
    `comment on materialized view ops.wedding_platform_metrics is
       'Numbers over all organizations as they were at as_of: ops.refresh_metrics counts them anew. Days are those of UTC.'`,
    `grant select on ops.wedding_platform_metrics to app_ops`,
    `create function ops.refresh_metrics() returns boolean language plpgsql security definer
       set search_path = pg_catalog, pg_temp as $$
     begin
       if not pg_try_advisory_xact_lock(hashtext('wedsync/metrics')) then return false; end if;
       refresh materialized view ops.wedding_platform_metrics;
       return true;
     end $$`,
    `comment on function ops.refresh_metrics() is 'Counts ops.wedding_platform_metrics anew; false where somebody else is at it.'`,
    `revoke all on function ops.refresh_metrics() from public`,
    `grant execute on function ops.refresh_metrics() to app_ops, app_worker`,
  );
}

async function createDailyStats(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function ops.collect_daily_stats(of_day date default (now() at time zone 'UTC')::date - 1) returns bigint
       language sql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
     begin atomic
       with counted as (
         select organization_id, 'couples_added' as metric, count(*) as value from app.clients
          where created_at >= of_day and created_at < of_day + 1 group by 1
         union all
         select organization_id, 'journeys_started', count(*) from app.journey_executions
          where started_at >= of_day and started_at < of_day + 1 group by 1
         union all
         select organization_id, 'steps_done', count(*) from app.journey_step_executions
          where state = 'done' and ended_at >= of_day and ended_at < of_day + 1 group by 1
         union all
         select organization_id, 'messages_' || status, count(*) from app.communications
          where direction = 'outbound' and created_at >= of_day and created_at < of_day + 1 group by 1, status
       ), kept as (
         insert into ops.daily_stats (day, organization_id, metric, value)
         select of_day, organization_id, metric, value from counted
         on conflict (day, organization_id, metric) do update set value = excluded.value, collected_at = now()
         returning 1
       )
       select count(*) from kept;
     end`,
    `comment on function ops.collect_daily_stats(date) is 'Counts a day (of UTC) into ops.daily_stats; again gives the numbers of now.'`,
    `revoke all on function ops.collect_daily_stats(date) from public`,
    `grant execute on function ops.collect_daily_stats(date) to app_ops, app_worker`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop function ops.collect_daily_stats(date), ops.refresh_metrics()`,
    `drop materialized view ops.wedding_platform_metrics`,
    `drop view ops.database_performance_summary, app.supplier_dashboard_summary, app.couple_dashboard_summary`,
  );
}
