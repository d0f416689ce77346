import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

/** One delivery for each endpoint that wants the event; services/webhooks/webhook-events.ts says what the events mean. */
const TELL = `
  create function app.tell_webhooks(organization uuid, client uuid, event text, event_key text, data jsonb)
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

const EXECUTIONS = `
  create function app.tell_webhooks_execution() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
  declare
    event text := case when tg_op = 'INSERT' then 'journey.started' else 'journey.' || new.status end;
  begin
    perform app.tell_webhooks(new.organization_id, new.client_id, event,
      event || '/' || new.id || case when tg_op = 'INSERT' then '' else '/' || extract(epoch from clock_timestamp()) end,
      jsonb_build_object('executionId', new.id, 'journeyId', new.journey_id, 'clientId', new.client_id,
        'status', new.status));
    return null;
  end $$`;

const STEPS = `
  create function app.tell_webhooks_step() returns trigger language plpgsql security definer
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

const COMMUNICATIONS = `
  create function app.tell_webhooks_communication() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
  begin
    perform app.tell_webhooks(new.organization_id, new.client_id, 'communication.' || new.status,
      'communication.' || new.status || '/' || new.id || '/' || new.attempts,
      jsonb_build_object('communicationId', new.id, 'clientId', new.client_id, 'executionId', new.execution_id,
        'channel', new.type, 'status', new.status, 'errorCode', new.error_code));
    return null;
  end $$`;

/** A delivery that a step of a journey asked for has ended: the step's turn has come, and its plan is to be made anew. */
const STEP_DELIVERY = `
  create function app.wake_step_of_delivery() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
  begin
    update app.journey_step_executions s set next_attempt_at = now()
     where s.organization_id = new.organization_id and s.id = new.step_execution_id and s.ended_at is null
       and s.next_attempt_at > now();
    if found then
      insert into app.outbox (organization_id, client_id, event, ref, details)
      values (new.organization_id, new.client_id, 'facts.changed', new.id::text, jsonb_build_object('what', 'webhook'));
    end if;
    return null;
  end $$`;

const TRIGGERS = [
  `create trigger tell_webhooks_insert after insert on app.journey_executions
     for each row execute function app.tell_webhooks_execution()`,
  `create trigger tell_webhooks_update after update of status on app.journey_executions
     for each row when (old.status is distinct from new.status
       and new.status in ('paused', 'completed', 'stopped', 'failed'))
     execute function app.tell_webhooks_execution()`,
  `create trigger tell_webhooks_insert after insert on app.journey_step_executions
     for each row when (new.ended_at is not null
       or (new.state = 'waiting' and new.reason ->> 'code' = 'needs_approval'))
     execute function app.tell_webhooks_step()`,
  `create trigger tell_webhooks_update after update on app.journey_step_executions
     for each row when ((new.ended_at is not null and old.ended_at is null)
       or (new.state = 'waiting' and new.reason ->> 'code' = 'needs_approval'
           and old.reason ->> 'code' is distinct from 'needs_approval'))
     execute function app.tell_webhooks_step()`,
  `create trigger tell_webhooks_update after update of status on app.communications
     for each row when (old.status is distinct from new.status
       and new.status in ('sent', 'delivered', 'bounced', 'complained', 'failed', 'unknown'))
     execute function app.tell_webhooks_communication()`,
  `create trigger wake_step after update of status on app.webhook_deliveries
     for each row when (new.step_execution_id is not null and old.status in ('pending', 'failed')
       and new.status in ('succeeded', 'exhausted', 'cancelled'))
     execute function app.wake_step_of_delivery()`,
];

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    // Only an allow-listed address may be plain http (the dev inbox); that is checked when it is saved and dialled.
    `alter table app.webhooks drop constraint webhooks_url_check`,
    `alter table app.webhooks add constraint webhooks_url_check
       check (url ~ '^https?://[^[:space:]]+$' and length(url) <= 2048)`,
    `alter table app.webhooks
       add column signature text not null default 'hmac',
       add column headers_ciphertext bytea,
       add column is_ordered boolean not null default false,
       add column warnings integer not null default 0,
       add constraint webhooks_signature_check check (signature in ('hmac', 'ed25519')),
       add constraint webhooks_warnings_check check (warnings between 0 and 2)`,
    `comment on column app.webhooks.is_ordered is
       ${literal('What concerns one couple arrives in order: the next waits until the one before has arrived or was given up.')}`,
    `comment on column app.webhooks.headers_ciphertext is ${literal("The endpoint's own headers, sealed like the secret.")}`,
    `alter table app.webhook_deliveries
       add column client_id uuid,
       add column sequence bigint generated always as identity,
       add column dispatched_at timestamptz,
       add column locked_until timestamptz,
       add column replays integer not null default 0,
       add column replay_base integer not null default 0,
       add column is_test boolean not null default false,
       add column response_value jsonb,
       add constraint webhook_deliveries_replays_check check (replays >= 0 and replay_base between 0 and attempt_count)`,
    `comment on column app.webhook_deliveries.sequence is ${literal('Order in which the events happened; replays keep it.')}`,
    `comment on column app.webhook_deliveries.dispatched_at is ${literal('When its workflow was started; NULL: the relay has still to do it.')}`,
    `comment on column app.webhook_deliveries.replay_base is ${literal('Attempts before the last replay: the ladder begins anew with each.')}`,
    `comment on column app.webhook_deliveries.response_value is ${literal('What a receiver answered to a step that waits for a value.')}`,
    `create index webhook_deliveries_undispatched_idx on app.webhook_deliveries (sequence)
       where dispatched_at is null and status = 'pending'`,
    `create index webhook_deliveries_ordered_idx on app.webhook_deliveries (webhook_id, client_id, sequence)
       where status in ('pending', 'failed')`,
    `create policy relay on app.webhook_deliveries for all to app_relay using (true) with check (true)`,
    `grant select (id, organization_id, webhook_id, client_id, status, sequence, dispatched_at, locked_until, replays,
       event_type), update (dispatched_at, locked_until) on app.webhook_deliveries to app_relay`,
    `create policy relay on app.webhooks for select to app_relay using (true)`,
    `grant select (id, organization_id, is_ordered) on app.webhooks to app_relay`,
    `alter table app.webhook_delivery_attempts
       add column fault text,
       add column remote_address text,
       add column response_headers jsonb not null default '{}',
       add column decision text not null default 'retry',
       add constraint webhook_delivery_attempts_decision_check check (decision in
         ('delivered', 'retry', 'exhausted', 'failed', 'switch_off', 'lost'))`,
    TELL,
    `revoke all on function app.tell_webhooks(uuid, uuid, text, text, jsonb) from public`,
    EXECUTIONS,
    STEPS,
    COMMUNICATIONS,
    STEP_DELIVERY,
    ...['tell_webhooks_execution', 'tell_webhooks_step', 'tell_webhooks_communication', 'wake_step_of_delivery'].map(
      (name) => `revoke all on function app.${name}() from public`,
    ),
    ...TRIGGERS,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop trigger wake_step on app.webhook_deliveries`,
    `drop trigger tell_webhooks_update on app.communications`,
    `drop trigger tell_webhooks_update on app.journey_step_executions`,
    `drop trigger tell_webhooks_insert on app.journey_step_executions`,
    `drop trigger tell_webhooks_update on app.journey_executions`,
    `drop trigger tell_webhooks_insert on app.journey_executions`,
    ...['wake_step_of_delivery', 'tell_webhooks_communication', 'tell_webhooks_step', 'tell_webhooks_execution'].map(
      (name) => `drop function app.${name}()`,
    ),
    `drop function app.tell_webhooks(uuid, uuid, text, text, jsonb)`,
    `alter table app.webhook_delivery_attempts drop constraint webhook_delivery_attempts_decision_check,
       drop column decision, drop column response_headers, drop column remote_address, drop column fault`,
    `revoke select (id, organization_id, is_ordered) on app.webhooks from app_relay`,
    `drop policy relay on app.webhooks`,
    `revoke select (id, organization_id, webhook_id, client_id, status, sequence, dispatched_at, locked_until, replays,
       event_type), update (dispatched_at, locked_until) on app.webhook_deliveries from app_relay`,
    `drop policy relay on app.webhook_deliveries`,
    `drop index app.webhook_deliveries_ordered_idx`,
    `drop index app.webhook_deliveries_undispatched_idx`,
    `alter table app.webhook_deliveries drop constraint webhook_deliveries_replays_check, drop column response_value,
       drop column is_test, drop column replay_base, drop column replays, drop column locked_until,
       drop column dispatched_at, drop column sequence, drop column client_id`,
    `alter table app.webhooks drop constraint webhooks_warnings_check, drop constraint webhooks_signature_check,
       drop column warnings, drop column is_ordered, drop column headers_ciphertext, drop column signature`,
    `alter table app.webhooks drop constraint webhooks_url_check`,
    `alter table app.webhooks add constraint webhooks_url_check
       check (url ~ '^https://[^[:space:]]+$' and length(url) <= 2000)`,
  );
}
