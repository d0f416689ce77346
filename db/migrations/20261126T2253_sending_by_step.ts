import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

interface Check {
  readonly name: string;
  /** From which value on it is a warning, or critical; null: never. */
  readonly warning: number | null;
  readonly critical: number | null;
  /** Gives (value, whether it can be known, message). */
  readonly query: string;
}

/** Whether the owner may look at the sessions of others: some managed servers do not allow it. */
const SEES_OTHERS = `pg_has_role(current_user, 'pg_read_all_stats', 'usage')`;
const NOT_VISIBLE = `'Other sessions are not visible here: grant pg_monitor to app_owner.'`;

/**
 * Each check says one thing, with the number it saw. Where this server cannot know, it says that: nothing is called
 * healthy because nobody looked.
 */
const checks = (sending: string): readonly Check[] => [
  {
    name: 'connections',
    warning: 80,
    critical: 95,
    query: `
      select round(100 * n / most, 1), true, format('%s of %s connections are taken.', n, most)
        from (select count(*)::numeric as n, current_setting('max_connections')::numeric as most
                from pg_stat_activity where backend_type = 'client backend') s`,
  },
  {
    name: 'idle_in_transaction',
    warning: 60,
    critical: null,
    query: `
      select n, seen, case when seen then format('The longest open transaction without work has waited %s s.', n) else ${NOT_VISIBLE} end
        from (select coalesce(round(extract(epoch from max(now() - state_change)), 3), 0) as n, ${SEES_OTHERS} as seen
                from pg_stat_activity where state like 'idle in transaction%' and datname = current_database()) s`,
  },
  {
    name: 'oldest_transaction',
    warning: 300,
    critical: 3600,
    query: `
      select n, seen, case when seen then format('The oldest transaction is %s s old; nothing deleted since can be cleaned up.', n)
                      else ${NOT_VISIBLE} end
        from (select coalesce(round(extract(epoch from max(clock_timestamp() - xact_start)), 3), 0) as n, ${SEES_OTHERS} as seen
                from pg_stat_activity
               where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()) s`,
  },
  {
    name: 'lock_waiters',
    warning: 10,
    critical: null,
    query: `
      select n, true, format('%s sessions wait for a lock.', n)
        from (select count(*)::numeric as n from pg_locks where not granted) s`,
  },
  {
    name: 'transaction_ids',
    warning: 1_000_000_000,
    critical: 1_500_000_000,
    query: `
      select n, true, format('%s of some 2,100,000,000 transaction numbers are in use; vacuum gives them back.', n)
        from (select age(datfrozenxid)::numeric as n from pg_database where datname = current_database()) s`,
  },
  {
    name: 'migrations',
    warning: null,
    critical: 1,
    query: `
      select n, true, case when n = 0 then 'The last run of every migration succeeded.'
                      else format('The last run of %s failed, or has taken more than 30 minutes: see ops.migration_runs.', names) end
        from (select count(*)::numeric as n, string_agg(name, ', ') as names
                from (select distinct on (name) * from ops.migration_runs order by name, id desc) last
               where status = 'failed' or (status = 'running' and started_at < now() - interval '30 minutes')) s`,
  },
  {
    name: 'partitions',
    warning: 1,
    critical: 2,
    query: `
      select 2 - least(n, 2), true, format('%s has %s months ahead: "wedsync db maintain" makes them.', log, n)
        from (select parents.log, count(p.oid)::numeric as n
                from (select ('app.' || table_name) as log from ops.partitioned_tables
                      union all values ('audit.audit_logs_standard'), ('audit.audit_logs_financial')) parents
                left join pg_inherits i on i.inhparent = to_regclass(parents.log)
                left join pg_class p on p.oid = i.inhrelid
                 and ops.month_of_partition(p.relname::text) > now() at time zone 'UTC'
               group by 1 order by 2, 1 limit 1) s`,
  },
  {
    name: 'outbox',
    warning: 60,
    critical: 600,
    query: `
      select n, true, format('The oldest event that waits for its journeys has waited %s s: is the relay running?', n)
        from (select coalesce(round(extract(epoch from max(now() - available_at))), 0) as n from app.outbox
               where processed_at is null and parked_at is null and available_at < now()) s`,
  },
  {
    name: 'outbox_parked',
    warning: null,
    critical: 1,
    query: `
      select n, true, format('%s events were given up after many attempts: app.outbox.last_error says why.', n)
        from (select count(*)::numeric as n from app.outbox where parked_at is not null and processed_at is null) s`,
  },
  {
    name: 'overdue_executions',
    warning: null,
    critical: 1,
    query: `
      select n, true, format('%s journeys should have acted more than 5 minutes ago: is the worker running?', n)
        from (select count(*)::numeric as n from app.journey_executions
               where status = 'active' and not blocked and next_action_at < now() - interval '5 minutes') s`,
  },
  { name: 'sending', warning: 1, critical: null, query: sending },
  {
    name: 'audit_seals',
    warning: 1,
    critical: null,
    query: `
      select unsealed, true, case when unsealed = 0 then 'Every audit row of before yesterday is sealed.'
               else format('%s audit rows of before yesterday are not sealed; the last seal: %s.', unsealed, coalesce(at::text, 'never')) end
        from (select (select count(*)::numeric from audit.audit_logs l, audit.seal_mark m
                       where l.id > m.sealed_to and l.occurred_at < now() - interval '26 hours') as unsealed,
                     (select max(sealed_at) from audit.audit_seals) as at) s`,
  },
  {
    name: 'backups',
    warning: null,
    critical: 26,
    query: `
      select round(extract(epoch from now() - at) / 3600, 1), at is not null,
             case when at is null then 'No backup was ever reported to ops.backup_status_log: whether there is one is not known here.'
                  else format('The last successful backup began %s hours ago.', round(extract(epoch from now() - at) / 3600)) end
        from (select max(started_at) as at from ops.backup_status_log
               where status = 'succeeded' and kind <> 'restore_test') s`,
  },
  {
    name: 'broken_indexes',
    warning: 1,
    critical: null,
    query: `
      select n, true, format('%s indexes are broken and not used%s', n, coalesce(': ' || names, '.'))
        from (select count(*)::numeric as n, string_agg(indexrelid::regclass::text, ', ') as names
                from pg_index where not indisvalid) s`,
  },
  {
    name: 'running_statement',
    warning: 1,
    critical: 60,
    query: `
      select n, seen, case when seen then format('The longest statement of our programs has run for %s s.', n) else ${NOT_VISIBLE} end
        from (select coalesce(round(extract(epoch from max(clock_timestamp() - query_start)), 3), 0) as n, ${SEES_OTHERS} as seen
                from pg_stat_activity
               where state = 'active' and usename in ('app_api', 'app_worker', 'app_relay', 'app_auth')
                 and datname = current_database() and pid <> pg_backend_pid()) s`,
  },
  {
    name: 'refused_writes',
    warning: 1,
    critical: null,
    query: `
      select n, true, format('%s writes past an organization''s border were refused and reported in the last hour. Reads are filtered in silence and cannot be counted.', n)
        from (select count(*)::numeric as n from app.security_events
               where kind = 'row_security.refused' and occurred_at > now() - interval '1 hour') s`,
  },
];

/** All checks with one of them asked in another way; the text is otherwise that of 20261121T1125_ops_health. */
function healthChecks(sending: string): string {
  const all = checks(sending);
  return `create or replace function ops.health_checks()
       returns table (check_name text, state text, value numeric, warning numeric, critical numeric, message text)
       language sql stable security definer set search_path = pg_catalog, pg_temp
     begin atomic
       select c.name, case when not c.known then 'unknown' when c.v >= t.critical then 'critical'
                           when c.v >= t.warning then 'warning' else 'ok' end,
              c.v, t.warning, t.critical, c.m
         from (
           ${all.map(({ name, query }) => `select ${literal(name)}, c.* from (${query}) as c (v, known, m)`).join('\n           union all\n           ')}
         ) as c (name, v, known, m)
         join ops.thresholds t on t.check_name = c.name;
     end`;
}

const SAID = `format('%s messages have been "sending" for more than 15 minutes: nobody knows whether they went.', n)`;

/** Every message there is was looked at. */
const BY_STATUS = `
      select n, true, format('%s messages have been "sending" for more than 15 minutes: nobody knows whether they went.', n)
        from (select count(*)::numeric as n from app.communications
               where status = 'sending' and send_claimed_at < now() - interval '15 minutes') s`;

/**
 * A message that is being sent belongs to a step that has begun and not ended, or to none: both are found by an index,
 * whatever the number of messages.
 */
const BY_STEP = `
      select n, true, ${SAID}
        from (select coalesce(sum(found), 0)::numeric as n from app.organizations o
               cross join lateral (
                 select count(*) as found from app.journey_step_executions x
                   join app.communications m on m.organization_id = x.organization_id and m.step_execution_id = x.id
                  where x.organization_id = o.id and x.ended_at is null and x.started_at < now() - interval '15 minutes'
                    and m.status = 'sending' and m.send_claimed_at < now() - interval '15 minutes'
                 union all
                 select count(*) from app.communications m
                  where m.organization_id = o.id and m.step_execution_id is null
                    and m.status = 'sending' and m.send_claimed_at < now() - interval '15 minutes') s) t`;

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    healthChecks(BY_STEP),
    // No question was asked by it any more, and every message wrote it.
    `drop index app.communications_unfinished_idx`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create index communications_unfinished_idx on app.communications (organization_id, created_at)
       where direction = 'outbound' and sent_at is null and failed_at is null`,
    healthChecks(BY_STATUS),
  );
}
