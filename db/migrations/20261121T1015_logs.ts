import { run, type MigrationDatabase } from '../migrate/statements.ts';
import { createLogTable } from '../migrate/log-table.ts';
import { dropTenantTable } from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create table ops.partitioned_tables (
       table_name text primary key,
       keep_months integer not null check (keep_months >= 1)
     )`,
    `comment on table ops.partitioned_tables is
       'Logs of app that are partitioned by month of occurred_at, and for how many months they are kept.'`,
    `grant select on ops.partitioned_tables to app_ops`,
    // Partitions have no grants of their own: a row is reached through the table, where row security holds.
    `create function ops.create_month_partition(table_name text, month date) returns boolean
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       partition text := table_name || to_char(month, '"_y"YYYY"m"MM');
     begin
       if to_regclass(format('app.%I', partition)) is not null then return false; end if;
       execute format('create table app.%I partition of app.%I for values from (%L) to (%L)', partition, table_name,
         date_trunc('month', month)::date, (date_trunc('month', month) + interval '1 month')::date);
       execute format('revoke all on app.%I from public', partition);
       execute format('alter table app.%I enable row level security', partition);
       execute format('alter table app.%I force row level security', partition);
       execute format('create policy owner_all on app.%I for all to app_owner using (true) with check (true)', partition);
       return true;
     end $$`,
    `revoke all on function ops.create_month_partition(text, date) from public`,
    `create function ops.ensure_partitions(months_ahead integer default 3) returns integer
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       log record;
       created integer := 0;
     begin
       for log in select p.table_name from ops.partitioned_tables p order by 1 loop
         for month in -1 .. months_ahead loop
           if ops.create_month_partition(log.table_name,
                (date_trunc('month', now() at time zone 'UTC') + make_interval(months => month))::date) then
             created := created + 1;
           end if;
         end loop;
       end loop;
       return created;
     end $$`,
    `comment on function ops.ensure_partitions(integer) is
       'Creates the partitions of last month up to months_ahead months from now that are missing; says how many.'`,
    `revoke all on function ops.ensure_partitions(integer) from public`,
    `grant execute on function ops.ensure_partitions(integer) to app_ops, app_relay`,
  );
  await createLogTable(db, {
    name: 'communication_events',
    keepMonths: 6,
    comment: 'What a provider told about a message: delivered, opened, bounced.',
    columns: `
      communication_id uuid not null,
      event_type text not null,
      provider text not null,
      provider_event_id text,
      payload jsonb not null default '{}',
      constraint communication_events_event_type_check check (event_type in (
        'queued', 'sent', 'delivered', 'deferred', 'opened', 'clicked', 'bounced', 'complained', 'failed',
        'unsubscribed', 'replied')),
      foreign key (organization_id, communication_id) references app.communications (organization_id, id),
      constraint communication_events_provider_event_key
        unique (occurred_at, organization_id, provider, provider_event_id)
    `,
    columnComments: { occurred_at: "The provider's time, so that the same receipt told twice has the same key." },
    personalData: true,
    also: [
      `create index communication_events_communication_idx
         on app.communication_events (organization_id, communication_id, occurred_at)`,
    ],
  });
  await createLogTable(db, {
    name: 'activities',
    keepMonths: 13,
    comment: 'What happened in an organization, as its people read it.',
    columns: `
      kind text not null,
      actor text not null,
      client_id uuid,
      journey_id uuid,
      execution_id uuid,
      summary text not null default '',
      data jsonb not null default '{}',
      constraint activities_kind_check check (kind ~ '^[a-z][a-z0-9_.]{0,79}$'),
      constraint activities_data_check check (jsonb_typeof(data) = 'object')
    `,
    columnComments: { client_id: 'No foreign key: the line may outlive what it is about.' },
    personalData: true,
    also: [
      `create index activities_feed_idx on app.activities (organization_id, occurred_at desc)`,
      `create index activities_client_idx on app.activities (organization_id, client_id, occurred_at desc)`,
    ],
  });
  await createLogTable(db, {
    name: 'security_events',
    keepMonths: 13,
    comment: 'Sign-ins, refusals, use of keys: what is looked at when something looks wrong.',
    columns: `
      kind text not null,
      actor text not null default '',
      user_id uuid,
      ip inet,
      user_agent text,
      data jsonb not null default '{}',
      constraint security_events_kind_check check (kind ~ '^[a-z][a-z0-9_.]{0,79}$'),
      constraint security_events_data_check check (jsonb_typeof(data) = 'object')
    `,
    personalData: true,
    also: [
      `create index security_events_kind_idx on app.security_events (organization_id, kind, occurred_at desc)`,
      `create policy sign_in on app.security_events for insert to app_auth with check (true)`,
      `grant insert on app.security_events to app_auth`,
    ],
  });
}

export async function down(db: MigrationDatabase): Promise<void> {
  await dropTenantTable(db, 'security_events', 'activities', 'communication_events');
  await run(
    db,
    `drop function ops.ensure_partitions(integer)`,
    `drop function ops.create_month_partition(text, date)`,
    `drop table ops.partitioned_tables`,
  );
}
