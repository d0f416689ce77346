import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create table ops.alerts (
       id bigint generated always as identity primary key,
       code text not null,
       subject text not null default '',
       severity text not null,
       message text not null,
       value numeric,
       threshold numeric,
       since timestamptz not null default now(),
       last_seen_at timestamptz not null default now(),
       closed_at timestamptz,
       constraint alerts_code_check check (code ~ '^[a-z][a-z0-9_]{0,59}$'),
       constraint alerts_severity_check check (severity in ('info', 'warning', 'critical'))
     )`,
    `create unique index alerts_open_key on ops.alerts (code, subject) where closed_at is null`,
    `comment on table ops.alerts is
       'What ops.check_system_alerts found, once for as long as it lasts: opened when first seen, closed when it is gone.'`,

    `create table ops.backup_status_log (
       id bigint generated always as identity primary key,
       kind text not null default 'full',
       started_at timestamptz not null,
       finished_at timestamptz,
       status text not null default 'running',
       bytes bigint,
       location text,
       sha256 bytea,
       error text,
       constraint backup_status_log_kind_check check (kind in ('full', 'incremental', 'wal', 'restore_test')),
       constraint backup_status_log_status_check check (status in ('running', 'succeeded', 'failed')),
       constraint backup_status_log_finished_check check ((status = 'running') = (finished_at is null)),
       constraint backup_status_log_bytes_check check (bytes >= 0)
     )`,
    `create index backup_status_log_started_idx on ops.backup_status_log (kind, started_at desc)`,
    `comment on table ops.backup_status_log is
       'What the backup program reports of its runs. Nothing else knows of backups: without rows their state is unknown.'`,

    `create table ops.maintenance_windows (
       id bigint generated always as identity primary key,
       starts_at timestamptz not null,
       ends_at timestamptz not null,
       reason text not null,
       created_by text not null default session_user,
       created_at timestamptz not null default now(),
       cancelled_at timestamptz,
       constraint maintenance_windows_order_check check (starts_at < ends_at),
       constraint maintenance_windows_reason_check check (length(reason) between 1 and 500)
     )`,
    `create index maintenance_windows_ends_idx on ops.maintenance_windows (ends_at)`,
    `comment on table ops.maintenance_windows is
       'Announced work on the system. Campaigns and bulk work wait for its end; timed steps go on.'`,

    `create table ops.daily_stats (
       day date not null,
       organization_id uuid not null,
       metric text not null,
       value bigint not null,
       collected_at timestamptz not null default now(),
       primary key (day, organization_id, metric),
       constraint daily_stats_metric_check check (metric ~ '^[a-z][a-z0-9_]{0,59}$')
     )`,
    `create index daily_stats_organization_idx on ops.daily_stats (organization_id, metric, day)`,
    `comment on table ops.daily_stats is
       'One number a day, organization and metric, counted once the day (in UTC) is over. No foreign key: it outlives them.'`,

    `create table ops.statement_snapshots (
       taken_at timestamptz not null,
       query_id bigint not null,
       calls bigint not null,
       total_ms double precision not null,
       query text not null,
       primary key (taken_at, query_id)
     )`,
    `comment on table ops.statement_snapshots is
       'Counters of pg_stat_statements as the last checks saw them: the difference of two is what happened in between.'`,

    `grant select on ops.alerts, ops.backup_status_log, ops.maintenance_windows, ops.daily_stats,
       ops.statement_snapshots to app_ops`,
    `grant insert, update on ops.backup_status_log, ops.maintenance_windows to app_ops`,

    `create function ops.in_maintenance(at timestamptz default now()) returns boolean
       language sql stable security definer set search_path = pg_catalog, pg_temp
     begin atomic
       select exists (select from ops.maintenance_windows w
                       where w.cancelled_at is null and at >= w.starts_at and at < w.ends_at);
     end`,
    `comment on function ops.in_maintenance(timestamptz) is 'Whether announced work is going on then.'`,
    `create function ops.saturday_freeze(at timestamptz default now()) returns boolean
       language sql stable security definer set search_path = pg_catalog, pg_temp
     begin atomic
       select exists (
         select from app.clients c join app.organizations o on o.id = c.organization_id
          where c.wedding_date between (at - interval '1 day')::date and (at + interval '1 day')::date
            and c.status in ('booked', 'married') and c.deleted_at is null and c.postponed_at is null
            and c.wedding_date = (at at time zone coalesce(c.wedding_timezone, o.timezone))::date
            and extract(isodow from c.wedding_date) = 6);
     end`,
    `comment on function ops.saturday_freeze(timestamptz) is
       'Whether somewhere it is a Saturday with a wedding: migrations, campaigns and bulk work then need an override. Timed steps go on.'`,
    // Across organizations, by date alone: the question above is asked before every risky deed.
    `create index clients_wedding_day_idx on app.clients (wedding_date) where deleted_at is null`,
    `revoke all on function ops.in_maintenance(timestamptz), ops.saturday_freeze(timestamptz) from public`,
    `grant execute on function ops.in_maintenance(timestamptz), ops.saturday_freeze(timestamptz)
       to app_api, app_worker, app_relay, app_ops`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop function ops.saturday_freeze(timestamptz), ops.in_maintenance(timestamptz)`,
    `drop index app.clients_wedding_day_idx`,
    `drop table ops.statement_snapshots, ops.daily_stats, ops.maintenance_windows, ops.backup_status_log, ops.alerts`,
  );
}
