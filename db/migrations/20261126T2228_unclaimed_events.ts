import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

/** Bad ones are kept too, so that a wrong secret can be found out; but only so many of them. */
const KEEP = `
  create function app.keep_unclaimed_event(external_id text, event_type text, payload jsonb, raw_body bytea,
      headers jsonb, verified boolean, account text, live boolean, problem text)
    returns uuid language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
  declare
    kept uuid;
  begin
    if not verified and (select count(*) from app.webhook_events e where e.organization_id is null
          and e.source_system = 'stripe' and not e.signature_verified
          and e.received_at > now() - interval '1 day') >= 1000 then
      return null;
    end if;
    insert into app.webhook_events (source_system, external_event_id, event_type, payload, raw_body, headers,
      signature_verified, status, last_error, waiting_for)
    values ('stripe', 'unclaimed:' || external_id, event_type, payload, raw_body, headers, verified, 'failed', problem,
      case when account is not null then 'account:' || account || ':' || live end)
    on conflict on constraint webhook_events_external_event_id_key do nothing
    returning id into kept;
    return kept;
  end $$`;

/** What had come for the account before it was connected is processed now; Stripe may have sent some of it again. */
const CLAIM = `
  create function app.claim_events() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
  begin
    update app.webhook_events e
       set organization_id = new.organization_id, endpoint_id = new.id, status = 'pending', waiting_for = null,
           last_error = null, external_event_id = new.id || substring(e.external_event_id from length('unclaimed:'))
     where e.organization_id is null and e.source_system = 'stripe' and e.signature_verified
       and e.waiting_for = 'account:' || new.account_ref || ':' || new.is_live;
    return null;
  end $$`;

const KEEP_CALL = 'app.keep_unclaimed_event(text, text, jsonb, bytea, jsonb, boolean, text, boolean, text)';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    KEEP,
    `comment on function ${KEEP_CALL} is
       ${literal('Keeps what came to the platform’s own Stripe address and belongs to no organization yet. NULL: it was there already, or it is one of too many bad ones.')}`,
    CLAIM,
    `revoke all on function ${KEEP_CALL} from public`,
    `grant execute on function ${KEEP_CALL} to app_api`,
    `revoke all on function app.claim_events() from public`,
    `create index webhook_events_unclaimed_idx on app.webhook_events (waiting_for) where organization_id is null`,
    `create trigger claim_events after insert on app.inbound_endpoints
       for each row when (new.provider = 'stripe' and new.account_ref is not null) execute function app.claim_events()`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop trigger claim_events on app.inbound_endpoints`,
    `drop index app.webhook_events_unclaimed_idx`,
    `drop function app.claim_events()`,
    `drop function ${KEEP_CALL}`,
  );
}
