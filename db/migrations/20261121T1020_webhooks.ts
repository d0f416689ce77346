import { createLogTable, forgetLogTable } from '../migrate/log-table.ts';
import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';
import { addUpdatedAtTrigger, createTenantTable, describeTable, dropTenantTable } from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'webhooks',
    comment: "An address of the supplier's to which we tell what happens.",
    columns: `
      name text not null,
      url text not null,
      events text[] not null,
      secret_ciphertext bytea not null,
      secret_key_id text not null,
      previous_secret_ciphertext bytea,
      previous_secret_until timestamptz,
      is_active boolean not null default true,
      failure_count integer not null default 0,
      failing_since timestamptz,
      disabled_at timestamptz,
      disabled_reason text,
      created_by uuid references app.users (id),
      constraint webhooks_name_check check (length(name) between 1 and 80),
      constraint webhooks_url_check check (url ~ '^https://[^[:space:]]+$' and length(url) <= 2000),
      constraint webhooks_events_check check (cardinality(events) between 1 and 100),
      constraint webhooks_failure_count_check check (failure_count >= 0),
      constraint webhooks_previous_secret_check
        check ((previous_secret_ciphertext is null) = (previous_secret_until is null)),
      constraint webhooks_disabled_check check (is_active or disabled_at is not null),
      unique (organization_id, name)
    `,
    columnComments: {
      previous_secret_ciphertext: 'After a rotation both secrets sign until previous_secret_until.',
      disabled_reason: 'Why we, or a person, switched it off.',
    },
    audit: 'standard',
    retention: 'with the organization',
    personalData: false,
    writes: { worker: 'update' },
    also: [`create index webhooks_created_by_idx on app.webhooks (created_by) where created_by is not null`],
  });
  await createTenantTable(db, {
    name: 'webhook_deliveries',
    comment: 'One call to be made to an address of the supplier, with what came of it.',
    columns: `
      webhook_id uuid,
      step_execution_id uuid,
      url text,
      event_type text not null,
      idempotency_key text not null,
      payload jsonb not null,
      status text not null default 'pending',
      attempt_count integer not null default 0,
      last_response_status integer,
      last_response_ms integer,
      last_error text,
      next_attempt_at timestamptz,
      delivered_at timestamptz,
      constraint webhook_deliveries_target_check check ((webhook_id is null) <> (url is null)),
      constraint webhook_deliveries_status_check
        check (status in ('pending', 'succeeded', 'failed', 'exhausted', 'cancelled')),
      constraint webhook_deliveries_attempt_count_check check (attempt_count >= 0),
      constraint webhook_deliveries_delivered_check check ((status = 'succeeded') = (delivered_at is not null)),
      foreign key (organization_id, webhook_id) references app.webhooks (organization_id, id),
      foreign key (organization_id, step_execution_id) references app.journey_step_executions (organization_id, id),
      unique (organization_id, idempotency_key)
    `,
    columnComments: {
      url: 'Of a step that names an address itself; otherwise the endpoint has it.',
      status: 'failed: will be tried again at next_attempt_at; exhausted: given up.',
    },
    audit: { none: 'webhook_delivery_attempts are its history' },
    retention: '6 months',
    personalData: true,
    also: [
      `create index webhook_deliveries_webhook_idx on app.webhook_deliveries (organization_id, webhook_id, created_at desc)`,
      `create index webhook_deliveries_step_idx on app.webhook_deliveries (organization_id, step_execution_id)`,
      `create index webhook_deliveries_open_idx on app.webhook_deliveries (organization_id, next_attempt_at)
         where status in ('pending', 'failed')`,
    ],
  });
  await createLogTable(db, {
    name: 'webhook_delivery_attempts',
    keepMonths: 6,
    comment: 'One attempt of a delivery: what was answered, how fast.',
    columns: `
      delivery_id uuid not null,
      attempt integer not null,
      request_id text,
      response_status integer,
      duration_ms integer,
      response_snippet text,
      error text,
      constraint webhook_delivery_attempts_attempt_check check (attempt >= 1),
      constraint webhook_delivery_attempts_snippet_check check (length(response_snippet) <= 4000),
      foreign key (organization_id, delivery_id) references app.webhook_deliveries (organization_id, id)
    `,
    personalData: true,
    also: [
      `create index webhook_delivery_attempts_delivery_idx
         on app.webhook_delivery_attempts (organization_id, delivery_id, attempt)`,
    ],
  });
  await createInbound(db);
}

/** What others tell us. The organization is known only once the event is understood, so it may be NULL until then. */
async function createInbound(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create table app.webhook_events (
       id uuid primary key default gen_random_uuid(),
       organization_id uuid references app.organizations (id) on delete cascade,
       source_system text not null,
       event_type text not null default '',
       external_event_id text not null,
       signature_verified boolean not null default false,
       payload jsonb not null,
       status text not null default 'pending',
       retry_count integer not null default 0,
       next_retry_at timestamptz,
       last_error text,
       received_at timestamptz not null default now(),
       processed_at timestamptz,
       created_at timestamptz not null default now(),
       updated_at timestamptz not null default now(),
       constraint webhook_events_source_system_check
         check (source_system in ('stripe', 'twilio', 'email', 'form', 'crm', 'custom')),
       constraint webhook_events_status_check
         check (status in ('pending', 'processing', 'processed', 'failed', 'ignored')),
       constraint webhook_events_retry_count_check check (retry_count >= 0),
       constraint webhook_events_external_event_id_check check (length(external_event_id) between 1 and 400),
       constraint webhook_events_external_event_id_key unique (source_system, external_event_id)
     )`,
    `create index webhook_events_organization_idx on app.webhook_events (organization_id, received_at desc)`,
    `create index webhook_events_pending_idx on app.webhook_events (received_at)
       where status in ('pending', 'processing', 'failed')`,
    `alter table app.webhook_events enable row level security`,
    `alter table app.webhook_events force row level security`,
    `create policy owner_all on app.webhook_events for all to app_owner using (true) with check (true)`,
    `create policy tenant on app.webhook_events for all to app_api, app_worker, app_readonly
       using (organization_id = (select app.current_org_id()))
       with check (organization_id = (select app.current_org_id()))`,
    `create policy relay on app.webhook_events for all to app_relay using (true) with check (true)`,
    `grant select on app.webhook_events to app_api, app_worker, app_readonly`,
    `grant update on app.webhook_events to app_api, app_worker`,
    `grant select, update, delete on app.webhook_events to app_relay`,
    `create function app.receive_webhook_event(
         source_system text, external_event_id text, event_type text, payload jsonb, signature_verified boolean)
       returns uuid language sql security definer set search_path = pg_catalog, pg_temp
       begin atomic
         insert into app.webhook_events
           (source_system, external_event_id, event_type, payload, signature_verified, organization_id)
         values (source_system, external_event_id, event_type, payload, signature_verified, app.current_org_id())
         on conflict on constraint webhook_events_external_event_id_key do nothing
         returning id;
       end`,
    `comment on function app.receive_webhook_event(text, text, text, jsonb, boolean) is
       ${literal('Keeps an event that another system sent, before it is known whose it is. The organization is that of the transaction, if any. NULL: it was there already.')}`,
    `revoke all on function app.receive_webhook_event(text, text, text, jsonb, boolean) from public`,
    `grant execute on function app.receive_webhook_event(text, text, text, jsonb, boolean) to app_api`,
  );
  await addUpdatedAtTrigger(db, 'webhook_events');
  await describeTable(db, {
    name: 'webhook_events',
    comment: 'What another system told us (Stripe, Twilio, a mail provider), as it came, each event once.',
    columnComments: {
      organization_id: 'NULL until it is known whose it is; only the relay sees it then.',
      external_event_id: "The sender's own id: the same event sent twice is one row.",
    },
    audit: { none: 'is a log itself' },
    retention: '13 months',
    personalData: true,
  });
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `drop function app.receive_webhook_event(text, text, text, jsonb, boolean)`);
  await forgetLogTable(db, 'webhook_delivery_attempts');
  await dropTenantTable(db, 'webhook_events', 'webhook_delivery_attempts', 'webhook_deliveries', 'webhooks');
}
