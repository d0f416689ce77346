import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

/** Rows of app that end one by one, because their tables have no months: which, and from when on. */
const SPENT: readonly { table: string; where: string }[] = [
  { table: 'outbox', where: `processed_at < now() - interval '24 hours'` },
  { table: 'idempotency_keys', where: `expires_at < now()` },
  { table: 'notifications', where: `created_at < now() - interval '13 months'` },
  { table: 'webhook_events', where: `received_at < now() - interval '13 months'` },
  {
    table: 'webhook_deliveries',
    // Its attempts go with their month, and it must stand until the last of them has gone.
    where: `created_at < now() - interval '6 months' and status in ('succeeded', 'exhausted', 'cancelled')
      and not exists (select from app.webhook_delivery_attempts a
                       where a.organization_id = t.organization_id and a.delivery_id = t.id)`,
  },
];

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function ops.month_of_partition(partition_name text) returns date
       language sql immutable
       return to_date(substring(partition_name from '_y(\\d{4}m\\d{2})$'), 'YYYY"m"MM')`,
    `revoke all on function ops.month_of_partition(text) from public`,
    `create function ops.drop_expired_partitions() returns table (dropped text)
       language plpgsql security definer set search_path = pg_catalog, pg_temp set lock_timeout = '2s' as $$
     declare
       expired record;
     begin
       for expired in
         select p.relnamespace::regnamespace::text as schema_name, p.relname::text as name,
                parent.relname::text as parent_name, ops.month_of_partition(p.relname::text) as month
           from pg_class p
           join pg_inherits i on i.inhrelid = p.oid
           join pg_class parent on parent.oid = i.inhparent
           left join ops.partitioned_tables log
             on parent.relnamespace = 'app'::regnamespace and log.table_name = parent.relname
          where p.relispartition and p.relkind = 'r'
            and ops.month_of_partition(p.relname::text) + interval '1 month' <= now() at time zone 'UTC' - case
              when log.table_name is not null then make_interval(months => log.keep_months)
              when parent.oid = to_regclass('audit.audit_logs_standard') then interval '400 days'
              when parent.oid = to_regclass('audit.audit_logs_financial') then interval '7 years'
              end
          order by 4, 2
       loop
         if expired.schema_name = 'audit' then
           insert into audit.dropped_partitions (partition_name, retention_class, month)
             values (expired.name, replace(expired.parent_name, 'audit_logs_', ''), expired.month);
         end if;
         execute format('drop table %I.%I', expired.schema_name, expired.name);
         dropped := expired.schema_name || '.' || expired.name;
         return next;
       end loop;
     end $$`,
    `comment on function ops.drop_expired_partitions() is
       'Drops the months of logs whose time is over: as ops.partitioned_tables says, the audit after 400 days or 7 years.'`,
    `create function ops.delete_spent(most integer default 5000) returns table (table_name text, deleted bigint)
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     begin
       ${SPENT.map(
         ({ table, where }) => `with gone as (
         delete from app.${table} where ctid in (select ctid from app.${table} t where ${where} limit most) returning 1
       ) select ${literal(table)}, count(*) into table_name, deleted from gone;
       return next;`,
       ).join('\n       ')}
     end $$`,
    `comment on function ops.delete_spent(integer) is
       'Deletes rows which nobody needs any more (queue, seen notifications, old events), at most so many of each table.'`,
    `revoke all on function ops.drop_expired_partitions(), ops.delete_spent(integer) from public`,
    `grant execute on function ops.drop_expired_partitions(), ops.delete_spent(integer) to app_ops, app_worker`,
    `grant execute on function ops.ensure_partitions(integer) to app_worker`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `revoke execute on function ops.ensure_partitions(integer) from app_worker`,
    `drop function ops.delete_spent(integer), ops.drop_expired_partitions(), ops.month_of_partition(text)`,
  );
}
