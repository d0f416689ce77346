import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function ops.work_gauges() returns table (name text, value double precision)
       language sql stable security definer set search_path = pg_catalog, pg_temp
     begin atomic
       select 'overdue_steps', count(*)::float8 from app.journey_executions
        where status in ('pending', 'active', 'paused') and status = 'active' and not blocked
          and next_action_at < now() - interval '1 minute'
       union all
       select 'outbox_age', coalesce(extract(epoch from max(now() - available_at)), 0)::float8 from app.outbox
        where processed_at is null and parked_at is null and available_at < now()
       union all
       select 'outbox_waiting', count(*)::float8 from app.outbox
        where processed_at is null and parked_at is null and available_at < now()
       union all
       select 'outbox_parked', count(*)::float8 from app.outbox where processed_at is null and parked_at is not null
       union all
       select 'unknown_sends', count(*)::float8 from app.communications
        where direction = 'outbound' and sent_at is null and failed_at is null and status = 'unknown'
       union all
       select 'stuck_sends', count(*)::float8 from app.communications
        where direction = 'outbound' and sent_at is null and failed_at is null and status = 'sending'
          and send_claimed_at < now() - interval '5 minutes';
     end`,
    `comment on function ops.work_gauges() is
       'How much waits or is late, over all organizations: for the metrics of a worker. Numbers only.'`,
    `revoke all on function ops.work_gauges() from public`,
    `grant execute on function ops.work_gauges() to app_relay, app_ops`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `drop function ops.work_gauges()`);
}
