import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

/**
 * What happens while an endpoint is switched off is written down as cancelled, so that a replay brings it once the
 * endpoint is on again. After 30 days nobody is expected to come back.
 */
const TELL = `
  create or replace function app.tell_webhooks(organization uuid, client uuid, event text, event_key text, data jsonb)
    returns void language sql security definer set search_path = pg_catalog, pg_temp
    begin atomic
      insert into app.webhook_deliveries
        (organization_id, webhook_id, client_id, event_type, idempotency_key, payload, status, last_error)
      select w.organization_id, w.id, client, event, event_key || '/' || w.id,
             jsonb_build_object('type', event, 'timestamp', to_char(clock_timestamp() at time zone 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'data', data),
             case when w.is_active then 'pending' else 'cancelled' end,
             case when not w.is_active then 'The endpoint is switched off.' end
        from app.webhooks w
       where w.organization_id = organization and w.events && array[event, '*']
         and (w.is_active or w.disabled_at > now() - interval '30 days')
      on conflict (organization_id, idempotency_key) do nothing;
    end`;

const STEPS = `
  create or replace function app.tell_webhooks_step() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
  declare
    event text := case when new.ended_at is null then 'approval.needed' else 'step.' || new.state end;
    execution app.journey_executions;
  begin
    if not exists (select from app.webhooks w where w.organization_id = new.organization_id
                      and (w.is_active or w.disabled_at > now() - interval '30 days')
                      and w.events && array[event, '*']) then return null; end if;
    select * into execution from app.journey_executions e
     where e.organization_id = new.organization_id and e.id = new.execution_id;
    perform app.tell_webhooks(new.organization_id, execution.client_id, event,
      event || '/' || new.id || '/' || coalesce(new.ended_at, new.due_at, new.planned_at),
      jsonb_build_object('executionId', new.execution_id, 'journeyId', execution.journey_id,
        'clientId', execution.client_id, 'step', jsonb_build_object('key', new.step_key, 'occurrence', new.occurrence,
          'type', new.step_type, 'state', new.state, 'outcome', new.outcome, 'reason', new.reason -> 'code',
          'dueAt', new.due_at)));
    return null;
  end $$`;

const TELL_BEFORE = `
  create or replace function app.tell_webhooks(organization uuid, client uuid, event text, event_key text, data jsonb)
    returns void language sql security definer set search_path = pg_catalog, pg_temp
    begin atomic
      insert into app.webhook_deliveries
        (organization_id, webhook_id, client_id, event_type, idempotency_key, payload)
      select w.organization_id, w.id, client, event, event_key || '/' || w.id,
             jsonb_build_object('type', event, 'timestamp', to_char(clock_timestamp() at time zone 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'data', data)
        from app.webhooks w
       where w.organization_id = organization and w.is_active and w.events && array[event, '*']
      on conflict (organization_id, idempotency_key) do nothing;
    end`;

const STEPS_BEFORE = `
  create or replace function app.tell_webhooks_step() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
  declare
    event text := case when new.ended_at is null then 'approval.needed' else 'step.' || new.state end;
    execution app.journey_executions;
  begin
    if not exists (select from app.webhooks w where w.organization_id = new.organization_id and w.is_active
                      and w.events && array[event, '*']) then return null; end if;
    select * into execution from app.journey_executions e
     where e.organization_id = new.organization_id and e.id = new.execution_id;
    perform app.tell_webhooks(new.organization_id, execution.client_id, event,
      event || '/' || new.id || '/' || coalesce(new.ended_at, new.due_at, new.planned_at),
      jsonb_build_object('executionId', new.execution_id, 'journeyId', execution.journey_id,
        'clientId', execution.client_id, 'step', jsonb_build_object('key', new.step_key, 'occurrence', new.occurrence,
          'type', new.step_type, 'state', new.state, 'outcome', new.outcome, 'reason', new.reason -> 'code',
          'dueAt', new.due_at)));
    return null;
  end $$`;

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    TELL,
    STEPS,
    `comment on function app.tell_webhooks(uuid, uuid, text, text, jsonb) is
       ${literal('One delivery for each endpoint that wants the event; a cancelled one where it is switched off, for a later replay.')}`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    STEPS_BEFORE,
    TELL_BEFORE,
    `comment on function app.tell_webhooks(uuid, uuid, text, text, jsonb) is null`,
  );
}
