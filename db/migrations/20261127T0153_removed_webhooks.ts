import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

/** As before; an endpoint that was removed is told nothing, and nothing is written down for it. */
const tell = (isKept: string): string => `
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
       where w.organization_id = organization and w.events && array[event, '*']${isKept}
         and (w.is_active or w.disabled_at > now() - interval '30 days')
      on conflict (organization_id, idempotency_key) do nothing;
    end`;

const steps = (isKept: string): string => `
  create or replace function app.tell_webhooks_step() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp as $$
  declare
    event text := case when new.ended_at is null then 'approval.needed' else 'step.' || new.state end;
    execution app.journey_executions;
  begin
    if not exists (select from app.webhooks w where w.organization_id = new.organization_id${isKept}
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

const KEPT = ' and w.removed_at is null';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `alter table app.webhooks
       add column removed_at timestamptz,
       add constraint webhooks_removed_check check (case when removed_at is null then secret_ciphertext <> ''
         else not is_active and secret_ciphertext = '' and previous_secret_ciphertext is null
           and headers_ciphertext is null end),
       drop constraint webhooks_organization_id_name_key`,
    `comment on column app.webhooks.removed_at is
       ${literal('Removed by a person: its deliveries stay to be looked at, its secrets are gone. Brought back, it gets a new one.')}`,
    `create unique index webhooks_organization_id_name_key on app.webhooks (organization_id, name)
       where removed_at is null`,
    tell(KEPT),
    steps(KEPT),
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    steps(''),
    tell(''),
    `drop index app.webhooks_organization_id_name_key`,
    `alter table app.webhooks drop constraint webhooks_removed_check`,
    `update app.webhooks set name = left(name, 40) || ' ' || id where removed_at is not null`,
    `alter table app.webhooks drop column removed_at,
       add constraint webhooks_organization_id_name_key unique (organization_id, name)`,
  );
}
