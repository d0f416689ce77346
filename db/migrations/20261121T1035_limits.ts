import { run, type MigrationDatabase } from '../migrate/statements.ts';

/** What a subscription limits: the rows that count, and the column of organizations with the limit. */
const LIMITS = [
  { resource: 'clients', table: 'clients', counted: `deleted_at is null and status <> 'archived'` },
  { resource: 'journeys', table: 'journeys', counted: `deleted_at is null and status <> 'archived'` },
  { resource: 'forms', table: 'forms', counted: `deleted_at is null and status <> 'archived'` },
  { resource: 'users', table: 'user_profiles', counted: `true` },
  {
    resource: 'submissions',
    table: 'form_submissions',
    counted: `status <> 'draft' and submitted_at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'`,
  },
] as const;

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function app.assert_limit(organization uuid, resource text) returns void
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       allowed integer;
       used bigint;
     begin
       -- The lock makes two inserts at once count one after the other, so that not both take the last place.
       select case resource
         ${LIMITS.map(({ resource }) => `when '${resource}' then o.max_${resource}`).join('\n         ')}
         end into allowed
         from app.organizations o where o.id = organization for no key update;
       if allowed is null then return; end if;
       case resource
         ${LIMITS.map(
           ({ resource, table, counted }) => `when '${resource}' then
           select count(*) into used from app.${table} where organization_id = organization and ${counted};`,
         ).join('\n         ')}
       end case;
       if used > allowed then
         raise exception 'the subscription allows % %, and these would be %', allowed, resource, used
           using errcode = 'WS001', constraint = 'limit_' || resource, table = resource, schema = 'app';
       end if;
     end $$`,
    `comment on function app.assert_limit(uuid, text) is
       'Refuses (WS001) what goes beyond the limit of the subscription. NULL in organizations.max_...: no limit.'`,
    `revoke all on function app.assert_limit(uuid, text) from public`,
    ...LIMITS.flatMap(({ resource, table, counted }) => [
      // Only what adds to the count is refused: an organization over its limit can still change what it has.
      `create function app.keep_limit_${resource}() returns trigger language plpgsql security definer
         set search_path = pg_catalog, pg_temp as $$
       begin
         if tg_op = 'INSERT' then
           perform app.assert_limit(organization_id, '${resource}')
              from (select distinct organization_id from new_rows where ${counted} order by 1) added;
         else
           perform app.assert_limit(organization_id, '${resource}')
              from (select organization_id
                      from (select organization_id, 1 as difference from new_rows where ${counted}
                            union all
                            select organization_id, -1 from old_rows where ${counted}) counted
                     group by 1 having sum(difference) > 0
                     order by 1) added;
         end if;
         return null;
       end $$`,
      `revoke all on function app.keep_limit_${resource}() from public`,
      `create trigger keep_limit_insert after insert on app.${table}
         referencing new table as new_rows for each statement execute function app.keep_limit_${resource}()`,
      `create trigger keep_limit_update after update on app.${table}
         referencing old table as old_rows new table as new_rows
         for each statement execute function app.keep_limit_${resource}()`,
    ]),
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    ...LIMITS.flatMap(({ resource, table }) => [
      `drop trigger keep_limit_update on app.${table}`,
      `drop trigger keep_limit_insert on app.${table}`,
      `drop function app.keep_limit_${resource}()`,
    ]),
    `drop function app.assert_limit(uuid, text)`,
  );
}
