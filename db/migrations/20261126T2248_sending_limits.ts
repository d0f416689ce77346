import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'sending_days',
    id: 'none',
    comment: 'How many messages of one channel have their place on one day; only where a limit is set.',
    columns: `
      channel text not null,
      day date not null,
      taken integer not null default 0,
      primary key (organization_id, channel, day),
      constraint sending_days_channel_check check (channel in ('email', 'sms', 'whatsapp')),
      constraint sending_days_taken_check check (taken >= 0)
    `,
    columnComments: {
      day: 'Civil date on the calendar of the organization.',
      taken: 'What was sent on that day, and what has been put off to it.',
    },
    audit: { none: 'a count of communications' },
    retention: 'with the organization',
    personalData: false,
    writes: { api: '', worker: 'insert, update' },
  });
  await run(
    db,
    `create table ops.provider_limits (
       provider text primary key,
       daily_limit integer not null,
       updated_at timestamptz not null default now(),
       constraint provider_limits_daily_limit_check check (daily_limit >= 1)
     )`,
    `comment on table ops.provider_limits is
       ${literal("Messages a day that the platform's own account at a provider may send, over all organizations.")}`,
    `create table ops.provider_days (
       provider text not null,
       day date not null,
       taken integer not null default 0,
       primary key (provider, day)
     )`,
    `comment on table ops.provider_days is 'How many of them have their place on one day.'`,
    `grant select on ops.provider_limits, ops.provider_days to app_ops`,
    `grant insert, update, delete on ops.provider_limits to app_ops`,
    `alter table app.communications add column slot_on date`,
    `comment on column app.communications.slot_on is
       'The day on which a sending limit has a place for it; NULL where there is no limit.'`,
    `create function app.provider_is_limited(provider text) returns boolean
       language sql stable security definer set search_path = pg_catalog, pg_temp
       begin atomic
         select exists (select from ops.provider_limits l where l.provider = provider_is_limited.provider);
       end`,
    `comment on function app.provider_is_limited(text) is 'Whether messages through this provider have to be counted.'`,
    `revoke all on function app.provider_is_limited(text) from public`,
    `grant execute on function app.provider_is_limited(text) to app_api, app_worker`,
    // The count is over all organizations, so it lies outside of row security; nothing of it is told but yes or no.
    `create function app.take_provider_place(provider text, day date, is_urgent boolean) returns boolean
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       allowed integer;
     begin
       select l.daily_limit into allowed from ops.provider_limits l where l.provider = take_provider_place.provider;
       if allowed is null then return true; end if;
       insert into ops.provider_days (provider, day) values (take_provider_place.provider, take_provider_place.day)
       on conflict do nothing;
       update ops.provider_days d set taken = d.taken + 1
        where d.provider = take_provider_place.provider and d.day = take_provider_place.day
          and (d.taken < allowed or is_urgent);
       return found;
     end $$`,
    `comment on function app.take_provider_place(text, date, boolean) is
       ${literal("A place on this day for one message through the platform's account; false: the day is full.")}`,
    `revoke all on function app.take_provider_place(text, date, boolean) from public`,
    `grant execute on function app.take_provider_place(text, date, boolean) to app_worker`,
    `create function app.take_sending_place(message uuid, days date[], limits integer[], provider text, is_urgent boolean)
       returns date language plpgsql set search_path = pg_catalog, pg_temp as $$
     declare
       sent record;
     begin
       select c.type, c.slot_on into sent from app.communications c where c.id = message for update;
       -- What was put off to a later day keeps its place there; one whose day has gone by needs a new one.
       if sent.slot_on = days[1] or (sent.slot_on > days[1] and not is_urgent) then return sent.slot_on; end if;
       for place in 1..cardinality(days) loop
         if limits[place] is not null then
           insert into app.sending_days (channel, day, taken)
           select sent.type, days[place], case when place = 1 then (
             -- A limit set in the middle of a day counts what has gone already.
             select count(*) from app.communications c
              where c.direction = 'outbound' and c.type = sent.type and c.attempts > 0 and c.local_on = days[1]
                and c.created_at > now() - interval '3 days') else 0 end
           on conflict do nothing;
           update app.sending_days d set taken = d.taken + 1
            where d.channel = sent.type and d.day = days[place]
              and (d.taken < limits[place] or (is_urgent and place = 1));
           continue when not found;
         end if;
         if provider is not null and not app.take_provider_place(provider, days[place], is_urgent and place = 1) then
           update app.sending_days d set taken = d.taken - 1
            where limits[place] is not null and d.channel = sent.type and d.day = days[place];
           continue;
         end if;
         update app.communications c
            set slot_on = days[place], local_on = case when place > 1 then days[place] else c.local_on end
          where c.id = message;
         return days[place];
       end loop;
       return null;
     end $$`,
    `comment on function app.take_sending_place(uuid, date[], integer[], text, boolean) is
       'The first of these days on which a message has a place under its limits (NULL: none on that day), today first. An urgent one goes today and counts.'`,
    `revoke all on function app.take_sending_place(uuid, date[], integer[], text, boolean) from public`,
    `grant execute on function app.take_sending_place(uuid, date[], integer[], text, boolean) to app_worker`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop function app.take_sending_place(uuid, date[], integer[], text, boolean)`,
    `drop function app.take_provider_place(text, date, boolean)`,
    `drop function app.provider_is_limited(text)`,
    `alter table app.communications drop column slot_on`,
    `drop table ops.provider_days, ops.provider_limits`,
  );
  await dropTenantTable(db, 'sending_days');
}
