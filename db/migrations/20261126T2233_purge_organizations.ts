import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function ops.purge_deleted_organizations(most integer default 5) returns bigint
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       gone uuid;
       rows_of regclass;
       purged bigint := 0;
     begin
       for gone in
         select o.id from app.organizations o
          where o.deleted_at < now() - interval '90 days'
            -- Not while a journey of it runs: its workflow would find nothing.
            and not exists (select from app.journey_executions e
                             where e.organization_id = o.id and e.completed_at is null)
          order by o.deleted_at limit most for update skip locked
       loop
         -- What this says is kept as long as the audit; the rows themselves, with the key that masks them, go.
         perform audit.record('privacy.purged', 'organizations', gone::text);
         -- Table by table, what refers to others before those, instead of by the cascade: what tells the outbox that it
         -- goes has to go while there is still an organization to tell it of.
         for rows_of in
           with recursive tables as (
             select c.oid from pg_class c
              where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
                and c.relname <> 'outbox' and exists (select from pg_attribute a
                  where a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped)
           ), after_it (oid, other) as (
             select k.conrelid, k.confrelid from pg_constraint k where k.contype = 'f' and k.confrelid <> k.conrelid
             union
             -- What is deleted may be told as an event of the couple.
             select t.tgrelid, 'app.client_events'::regclass::oid from pg_trigger t where t.tgname like 'tell\\_%\\_delete'
           ), place (oid, depth) as (
             select oid, 0 from tables
             union
             select a.other, place.depth + 1 from place join after_it a on a.oid = place.oid
               join tables on tables.oid = a.other
              where place.depth < 100
           )
           select oid::regclass from place group by oid order by max(depth), oid
         loop
           execute format('delete from %s where organization_id = $1', rows_of) using gone;
         end loop;
         delete from app.organizations where id = gone;
         purged := purged + 1;
       end loop;
       return purged;
     end $$`,
    `comment on function ops.purge_deleted_organizations(integer) is
       'Deletes organizations that were deleted 90 days ago with every row of theirs; at most so many. What was paid stays in the audit for seven years.'`,
    `revoke all on function ops.purge_deleted_organizations(integer) from public`,
    `grant execute on function ops.purge_deleted_organizations(integer) to app_ops, app_worker`,
    `create index organizations_deleted_idx on app.organizations (deleted_at) where deleted_at is not null`,
    `comment on column app.organizations.deleted_at is
       'Since when it is deleted: it can be restored for 90 days, then the upkeep takes every row of it away.'`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `comment on column app.organizations.deleted_at is null`,
    `drop index app.organizations_deleted_idx`,
    `drop function ops.purge_deleted_organizations(integer)`,
  );
}
