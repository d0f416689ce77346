import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'inbound_endpoints',
    comment: 'An address of ours to which another program tells us things: Stripe, a CRM, a form tool.',
    columns: `
      name text not null,
      provider text not null,
      token_hash bytea not null,
      account_ref text,
      is_live boolean not null default true,
      secrets bytea[] not null default '{}',
      signature jsonb not null default '{}',
      mapping jsonb,
      is_active boolean not null default true,
      constraint inbound_endpoints_name_check check (length(name) between 1 and 80),
      constraint inbound_endpoints_provider_check check (provider in ('stripe', 'standard_webhooks', 'hmac', 'token')),
      constraint inbound_endpoints_token_hash_check check (length(token_hash) = 32),
      constraint inbound_endpoints_secrets_check check (cardinality(secrets) <= 5),
      constraint inbound_endpoints_signature_check check (jsonb_typeof(signature) = 'object'),
      constraint inbound_endpoints_mapping_check check (jsonb_typeof(mapping) = 'object'),
      constraint inbound_endpoints_token_hash_key unique (token_hash),
      unique (organization_id, name)
    `,
    columnComments: {
      token_hash: 'SHA-256 of the unguessable part of the address: the address itself is shown once and not kept.',
      account_ref: "The organization's connected account at Stripe (acct_...).",
      is_live: 'Test events at a live address, and live ones at a test address, are kept and not acted on.',
      secrets: 'Sealed; several while one replaces the other.',
      signature: 'How the sender signs, where that is not a standard.',
      mapping: 'What an event means: channels/intake/mapping.ts.',
    },
    audit: 'standard',
    retention: 'with the organization',
    personalData: false,
    writes: { worker: '' },
    also: [
      `create unique index inbound_endpoints_account_key on app.inbound_endpoints (account_ref, is_live)
         where provider = 'stripe' and account_ref is not null`,
    ],
  });
  await extendEvents(db);
  await createFunctions(db);
  await createTenantTable(db, {
    name: 'stripe_payment_links',
    id: 'none',
    comment: "Which of our payments a payment intent, charge or invoice of Stripe's belongs to.",
    columns: `
      stripe_key text not null,
      payment_id uuid not null,
      primary key (organization_id, stripe_key),
      constraint stripe_payment_links_stripe_key_check check (length(stripe_key) between 1 and 255),
      foreign key (organization_id, payment_id) references app.payments (organization_id, id) on delete cascade
    `,
    audit: { none: 'derived from the events, which are kept' },
    retention: 'with the payment',
    personalData: false,
    also: [`create index stripe_payment_links_payment_idx on app.stripe_payment_links (organization_id, payment_id)`],
  });
  await run(
    db,
    `alter table app.invoices add column stripe_invoice_id text, add column provider_state jsonb`,
    `create unique index invoices_stripe_invoice_id_key on app.invoices (organization_id, stripe_invoice_id)
       where stripe_invoice_id is not null`,
    `comment on column app.invoices.provider_state is
       ${literal('All that was observed of it at its provider, so that the order of the news does not matter.')}`,
  );
}

async function extendEvents(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `alter table app.webhook_events
       add column endpoint_id uuid,
       add column raw_body bytea,
       add column headers jsonb not null default '{}',
       add column waiting_for text,
       add column locked_until timestamptz,
       add constraint webhook_events_raw_body_check check (length(raw_body) <= 1048576),
       add constraint webhook_events_endpoint_fkey foreign key (organization_id, endpoint_id)
         references app.inbound_endpoints (organization_id, id) on delete set null (endpoint_id)`,
    `comment on column app.webhook_events.raw_body is ${literal('The exact bytes: signatures are over them.')}`,
    `comment on column app.webhook_events.waiting_for is
       ${literal('What has to be known first, such as the payment intent it is about; processed again when it is.')}`,
    `create index webhook_events_endpoint_idx on app.webhook_events (organization_id, endpoint_id, received_at desc)`,
    `create index webhook_events_waiting_idx on app.webhook_events (organization_id, waiting_for)
       where waiting_for is not null`,
    `create index webhook_events_due_idx on app.webhook_events (received_at)
       where status = 'pending' or (status = 'failed' and next_retry_at is not null)`,
  );
}

async function createFunctions(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    // A request carries no tenant: the unguessable part of its address says whose it is, before anything is parsed.
    `create function app.find_inbound_endpoint(token_hash bytea)
       returns table (id uuid, organization_id uuid, provider text, account_ref text, is_live boolean, secrets bytea[],
         signature jsonb)
       language sql stable security definer set search_path = pg_catalog, pg_temp
       begin atomic
         select e.id, e.organization_id, e.provider, e.account_ref, e.is_live, e.secrets, e.signature
           from app.inbound_endpoints e join app.organizations o on o.id = e.organization_id
          where e.token_hash = find_inbound_endpoint.token_hash and e.is_active and o.deleted_at is null;
       end`,
    `create function app.find_stripe_account(account text, live boolean)
       returns table (id uuid, organization_id uuid)
       language sql stable security definer set search_path = pg_catalog, pg_temp
       begin atomic
         select e.id, e.organization_id
           from app.inbound_endpoints e join app.organizations o on o.id = e.organization_id
          where e.provider = 'stripe' and e.account_ref = account and e.is_live = live and e.is_active
            and o.deleted_at is null;
       end`,
    // What could not be verified is kept too, so that a wrong secret costs nothing; but only so much of it.
    `create function app.keep_inbound_event(endpoint uuid, source text, external_id text, event_type text,
         payload jsonb, raw_body bytea, headers jsonb, verified boolean, problem text)
       returns uuid language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       organization uuid := (select e.organization_id from app.inbound_endpoints e where e.id = endpoint);
       kept uuid;
     begin
       if not verified and (select count(*) from app.webhook_events e where e.organization_id = organization
             and e.endpoint_id = endpoint and not e.signature_verified
             and e.received_at > now() - interval '1 day') >= 1000 then
         return null;
       end if;
       insert into app.webhook_events (organization_id, endpoint_id, source_system, external_event_id, event_type,
         payload, raw_body, headers, signature_verified, status, last_error)
       values (organization, endpoint, source, endpoint || ':' || external_id, event_type, payload, raw_body, headers,
         verified, case when problem is null then 'pending' else 'failed' end, problem)
       on conflict on constraint webhook_events_external_event_id_key do nothing
       returning id into kept;
       return kept;
     end $$`,
    `comment on function app.keep_inbound_event(uuid, text, text, text, jsonb, bytea, jsonb, boolean, text) is
       ${literal('Keeps what came in, before anything is done with it. NULL: it was there already, or it is one of too many that could not be verified.')}`,
    ...FUNCTIONS.map((name) => `revoke all on function ${name} from public`),
    ...FUNCTIONS.map((name) => `grant execute on function ${name} to app_api`),
  );
}

const FUNCTIONS = [
  'app.find_inbound_endpoint(bytea)',
  'app.find_stripe_account(text, boolean)',
  'app.keep_inbound_event(uuid, text, text, text, jsonb, bytea, jsonb, boolean, text)',
];

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop index app.invoices_stripe_invoice_id_key`,
    `alter table app.invoices drop column provider_state, drop column stripe_invoice_id`,
  );
  await dropTenantTable(db, 'stripe_payment_links');
  await run(
    db,
    ...FUNCTIONS.toReversed().map((name) => `drop function ${name}`),
    `drop index app.webhook_events_due_idx`,
    `drop index app.webhook_events_waiting_idx`,
    `drop index app.webhook_events_endpoint_idx`,
    `alter table app.webhook_events drop constraint webhook_events_endpoint_fkey,
       drop constraint webhook_events_raw_body_check, drop column locked_until, drop column waiting_for,
       drop column headers, drop column raw_body, drop column endpoint_id`,
  );
  await dropTenantTable(db, 'inbound_endpoints');
}
