import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    // The plan asked the same minutes ago; since then somebody may have opted out, and this is the last moment to obey.
    `create function app.claim_message(message uuid, at timestamptz) returns text
       language plpgsql set search_path = pg_catalog, pg_temp as $$
     declare
       m app.communications;
       verdict text;
     begin
       select * into m from app.communications c where c.id = message and c.status = 'queued' for update;
       if not found then return 'lost'; end if;
       if m.execution_id is not null and exists (
         select from app.journey_executions e
          where e.organization_id = m.organization_id and e.id = m.execution_id
            and (e.stopped_at <= claim_message.at or e.status in ('stopped', 'cancelled', 'failed'))
            and not exists (select from app.journey_steps s where s.organization_id = e.organization_id
              and s.journey_version_id = e.journey_version_id and s.step_key = m.step_key and s.closing)) then
         verdict := 'stopped';
       elsif exists (
         select from app.suppressions s
          where s.organization_id = m.organization_id and s.channel = m.type and s.address_hash = m.recipient_hash
            and (s.expires_at is null or s.expires_at > claim_message.at)
            and (s.purposes is null or m.purpose = any (s.purposes))) then
         verdict := 'suppressed';
       elsif m.purpose <> 'transactional' then
         select case
             when bool_or(latest.state = 'withdrawn') then 'no_consent'
             when m.purpose = 'marketing' and not coalesce(bool_or(latest.state = 'granted'), false) then 'no_consent'
           end into verdict
           from (select distinct on (p.id) p.id, c.state
                   from app.consents c
                   left join lateral app.contact_person(c.organization_id, c.contact_id) p (id) on true
                  where c.organization_id = m.organization_id and c.client_id = m.client_id
                    and c.channel = m.type and c.purpose = m.purpose
                    and (c.contact_id is null
                      or p.id = app.contact_person(m.organization_id, m.contact_id))
                  order by p.id, c.recorded_at desc, c.id desc) latest;
       end if;
       if verdict is null then
         update app.communications c
            set status = 'sending', send_claimed_at = claim_message.at, attempts = c.attempts + 1
          where c.id = message;
         return 'claimed';
       end if;
       update app.communications c
          set status = case verdict when 'suppressed' then 'suppressed' when 'stopped' then 'cancelled' else 'skipped' end,
              error_code = verdict
        where c.id = message;
       return verdict;
     end $$`,
    `comment on function app.claim_message(uuid, timestamptz) is
       'The last look before a message leaves: claimed, lost (another attempt has it), or what forbids it now: stopped, suppressed, no_consent.'`,
    `revoke all on function app.claim_message(uuid, timestamptz) from public`,
    `grant execute on function app.claim_message(uuid, timestamptz) to app_worker, app_api`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `drop function app.claim_message(uuid, timestamptz)`);
}
