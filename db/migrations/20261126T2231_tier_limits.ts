import { run, type MigrationDatabase } from '../migrate/statements.ts';

/** What a subscription limits: the rows that count, and the word of its columns. */
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

/** @param limitOf what a resource may come to, of the organization `o` (with its tier `t`) */
const assertLimit = (from: string, limitOf: (resource: string) => string): string => `
  create or replace function app.assert_limit(organization uuid, resource text) returns void
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       allowed integer;
       used bigint;
     begin
       -- The lock makes two inserts at once count one after the other, so that not both take the last place.
       select case resource
         ${LIMITS.map(({ resource }) => `when '${resource}' then ${limitOf(resource)}`).join('\n         ')}
         end into allowed
         from ${from};
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
     end $$`;

const resourceUsage = (tiers: string, limitOf: (resource: string) => string): string => `
  create or replace function ops.get_resource_usage_by_supplier(of_organization uuid default null)
       returns table (organization_id uuid, organization_name text, resource text, used bigint, allowed integer,
         percent numeric)
       language sql stable security definer set search_path = pg_catalog, pg_temp
     begin atomic
       select o.id, o.name, r.resource, r.used, r.allowed, round(100.0 * r.used / nullif(r.allowed, 0), 1)
         from app.organizations o${tiers}
        cross join lateral (values
          ('clients', (select count(*) from app.clients c
                        where c.organization_id = o.id and c.deleted_at is null and c.status <> 'archived'), ${limitOf('clients')}),
          ('journeys', (select count(*) from app.journeys j
                         where j.organization_id = o.id and j.deleted_at is null and j.status <> 'archived'), ${limitOf('journeys')}),
          ('forms', (select count(*) from app.forms f
                      where f.organization_id = o.id and f.deleted_at is null and f.status <> 'archived'), ${limitOf('forms')}),
          ('users', (select count(*) from app.user_profiles u where u.organization_id = o.id), ${limitOf('users')}),
          ('submissions', (select count(*) from app.form_submissions s
                            where s.organization_id = o.id and s.status <> 'draft'
                              and s.submitted_at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'),
            ${limitOf('submissions')}),
          -- By created_at, for which there is an index of each organization: this is asked every minute.
          ('messages_this_month', (select count(*) from app.communications m
                                    where m.organization_id = o.id and m.direction = 'outbound' and m.sent_at is not null
                                      and m.created_at >= date_trunc('month', now() at time zone 'UTC') at time zone 'UTC'),
            null::integer)
        ) as r (resource, used, allowed)
        where o.deleted_at is null and (of_organization is null or o.id = of_organization)
        order by o.name, o.id, r.resource;
     end`;

const own = (resource: string): string => `o.max_${resource}`;
const ownOrTier = (resource: string): string => `coalesce(o.max_${resource}, t.max_${resource})`;

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create table ops.tier_limits (
       pricing_tier text primary key,
       max_users integer,
       max_clients integer,
       max_forms integer,
       max_submissions integer,
       max_journeys integer,
       constraint tier_limits_pricing_tier_check
         check (pricing_tier in ('free', 'starter', 'professional', 'scale', 'enterprise')),
       constraint tier_limits_check check (least(max_users, max_clients, max_forms, max_submissions, max_journeys) >= 0)
     )`,
    `comment on table ops.tier_limits is
       'What each subscription tier allows: the price list of this installation. NULL: no limit. An organization''s own max_ columns come before it.'`,
    `insert into ops.tier_limits (pricing_tier)
       values ('free'), ('starter'), ('professional'), ('scale'), ('enterprise')`,
    `grant select, update on ops.tier_limits to app_ops`,
    `grant select on ops.tier_limits to app_api, app_worker, app_readonly`,
    assertLimit(
      `app.organizations o left join ops.tier_limits t on t.pricing_tier = o.pricing_tier
        where o.id = organization for no key update of o`,
      ownOrTier,
    ),
    `comment on function app.assert_limit(uuid, text) is
       'Refuses (WS001) what goes beyond the limit of the subscription: the organization''s own, or else its tier''s.'`,
    resourceUsage(' left join ops.tier_limits t on t.pricing_tier = o.pricing_tier', ownOrTier),
    `comment on column app.organizations.max_clients is
       'Limit agreed with this organization, before that of its tier (ops.tier_limits); NULL: the tier''s. The same for the other max_ columns.'`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `comment on column app.organizations.max_clients is
       'Limit of the subscription; NULL means unlimited. The same for the other max_ columns.'`,
    resourceUsage('', own),
    assertLimit('app.organizations o where o.id = organization for no key update', own),
    `comment on function app.assert_limit(uuid, text) is
       'Refuses (WS001) what goes beyond the limit of the subscription. NULL in organizations.max_...: no limit.'`,
    `drop table ops.tier_limits`,
  );
}
