import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

/** `app.take_sending_place`, with what it notes about the place that it found. */
function takeSendingPlace(noted: string): string {
  return `create or replace function app.take_sending_place(message uuid, days date[], limits integer[], provider text, is_urgent boolean)
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
            set slot_on = days[place]${noted}, local_on = case when place > 1 then days[place] else c.local_on end
          where c.id = message;
         return days[place];
       end loop;
       return null;
     end $$`;
}

/** A message that never leaves gives its place under the sending limits to another. */
export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `alter table app.communications
       add column slot_is_own boolean not null default false,
       add column slot_provider text`,
    `comment on column app.communications.slot_is_own is ${literal("Whether its place counts under the organization's own limit.")}`,
    `comment on column app.communications.slot_provider is
       ${literal("The platform's account under whose limit its place counts; NULL where it counts under none.")}`,
    takeSendingPlace(', slot_is_own = limits[place] is not null, slot_provider = take_sending_place.provider'),
    // At the end of the transaction: the counters are shared by all messages, so they are held for a moment only. It
    // goes past row security because those who call messages back may not write the counters, and one of them is the
    // platform's.
    `create function app.free_sending_place() returns trigger
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     begin
       update app.communications c set slot_on = null, slot_is_own = false, slot_provider = null
        where c.organization_id = new.organization_id and c.id = new.id and c.slot_on is not null
          and c.status = new.status;
       if not found then return null; end if;
       update app.sending_days d set taken = d.taken - 1
        where new.slot_is_own and d.organization_id = new.organization_id and d.channel = new.type
          and d.day = new.slot_on and d.taken > 0;
       update ops.provider_days d set taken = d.taken - 1
        where d.provider = new.slot_provider and d.day = new.slot_on and d.taken > 0;
       return null;
     end $$`,
    `comment on function app.free_sending_place() is
       'Gives back the place of a message that never left.'`,
    `revoke all on function app.free_sending_place() from public`,
    `create constraint trigger free_sending_place after update of status on app.communications
       deferrable initially deferred for each row
       when (new.slot_on is not null and old.status in ('queued', 'held')
         and new.status in ('cancelled', 'suppressed', 'skipped'))
       execute function app.free_sending_place()`,
    `create function app.end_messages_of_step() returns trigger
       language plpgsql set search_path = pg_catalog, pg_temp as $$
     begin
       update app.communications c
          set status = case new.state when 'failed' then 'failed' else 'cancelled' end,
              failed_at = case when new.state = 'failed' then new.ended_at end
        where c.step_execution_id = new.id and c.status in ('queued', 'held');
       return null;
     end $$`,
    `comment on function app.end_messages_of_step() is
       'A step that has ended without sending leaves no message in the queue.'`,
    `revoke all on function app.end_messages_of_step() from public`,
    `create trigger end_messages_of_step after update of state on app.journey_step_executions for each row
       when (old.ended_at is null and new.started_at is not null and new.state in ('skipped', 'failed', 'not_taken')
         and new.step_type in ('email', 'sms', 'whatsapp'))
       execute function app.end_messages_of_step()`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop trigger end_messages_of_step on app.journey_step_executions`,
    `drop function app.end_messages_of_step()`,
    `drop trigger free_sending_place on app.communications`,
    `drop function app.free_sending_place()`,
    takeSendingPlace(''),
    `alter table app.communications drop column slot_provider, drop column slot_is_own`,
  );
}
