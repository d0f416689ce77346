import { run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'subscriptions',
    comment: 'What an organization pays us for, as the payment provider tells it. Its limits stand in organizations.',
    columns: `
      pricing_tier text not null,
      status text not null,
      stripe_subscription_id text,
      current_period_start timestamptz,
      current_period_end timestamptz,
      cancel_at timestamptz,
      cancelled_at timestamptz,
      constraint subscriptions_pricing_tier_check
        check (pricing_tier in ('free', 'starter', 'professional', 'scale', 'enterprise')),
      constraint subscriptions_status_check check (status in ('trialing', 'active', 'past_due', 'cancelled')),
      constraint subscriptions_period_check check (current_period_start < current_period_end),
      unique (organization_id, stripe_subscription_id)
    `,
    audit: 'financial',
    retention: '7 years',
    personalData: false,
    writes: { worker: '' },
  });
  await createTenantTable(db, {
    name: 'integration_credentials',
    comment: 'Access to a provider (SMTP, Twilio, Stripe ...). The secret is sealed by the application.',
    columns: `
      provider text not null,
      name text not null default 'default',
      settings jsonb not null default '{}',
      secret_ciphertext bytea,
      secret_key_id text,
      is_active boolean not null default true,
      checked_at timestamptz,
      check_error text,
      constraint integration_credentials_provider_check check (provider ~ '^[a-z][a-z0-9_]{0,39}$'),
      constraint integration_credentials_secret_check
        check ((secret_ciphertext is null) = (secret_key_id is null)),
      constraint integration_credentials_settings_check check (jsonb_typeof(settings) = 'object'),
      unique (organization_id, provider, name)
    `,
    columnComments: {
      settings: 'What is no secret: host, port, sender, account id.',
      secret_ciphertext: 'AES-256-GCM, bound to table, organization and row; secret_key_id names the key.',
    },
    audit: 'standard',
    retention: 'with the organization',
    personalData: false,
    writes: { worker: '' },
  });
  await createTenantTable(db, {
    name: 'api_keys',
    comment: 'A key with which another program calls us. Only its hash is kept: it can be checked, never read back.',
    columns: `
      key_name text not null,
      key_prefix text not null,
      key_hash bytea not null,
      permissions jsonb not null default '[]',
      rate_limit_per_minute integer not null default 600,
      last_used_at timestamptz,
      expires_at timestamptz,
      revoked_at timestamptz,
      created_by uuid references app.users (id),
      constraint api_keys_key_name_check check (length(key_name) between 1 and 200),
      constraint api_keys_key_prefix_key unique (key_prefix),
      constraint api_keys_key_hash_key unique (key_hash),
      constraint api_keys_key_hash_check check (length(key_hash) = 32),
      constraint api_keys_permissions_check check (jsonb_typeof(permissions) = 'array'),
      constraint api_keys_rate_limit_check check (rate_limit_per_minute between 1 and 100000)
    `,
    columnComments: {
      key_prefix: 'The part that is shown, so that a person recognises the key.',
      key_hash: 'SHA-256 of the whole key, which has 32 random bytes.',
    },
    audit: 'standard',
    retention: 'with the organization',
    personalData: false,
    writes: { worker: '' },
    also: [
      `create index api_keys_created_by_idx on app.api_keys (created_by) where created_by is not null`,
      // The one question asked before the organization is known. app_auth may ask it and nothing else here.
      `create function app.resolve_api_key(hash bytea)
         returns table (api_key_id uuid, organization_id uuid, permissions jsonb, rate_limit_per_minute integer)
         language sql stable security definer set search_path = pg_catalog, pg_temp
         begin atomic
           select k.id, k.organization_id, k.permissions, k.rate_limit_per_minute
             from app.api_keys k join app.organizations o on o.id = k.organization_id
            where k.key_hash = hash and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
              and o.deleted_at is null;
         end`,
      `comment on function app.resolve_api_key(bytea) is 'The organization and permissions of a valid key, by its hash.'`,
      `revoke all on function app.resolve_api_key(bytea) from public`,
      `grant execute on function app.resolve_api_key(bytea) to app_auth`,
    ],
  });
  await createTenantTable(db, {
    name: 'idempotency_keys',
    comment: 'An answer that was given to a request, so that the same request sent again gets the same answer.',
    columns: `
      actor text not null,
      key text not null,
      request_sha256 bytea not null,
      response_status integer,
      response_body jsonb,
      locked_until timestamptz,
      expires_at timestamptz not null default now() + interval '24 hours',
      constraint idempotency_keys_key_check check (length(key) between 1 and 255),
      constraint idempotency_keys_request_sha256_check check (length(request_sha256) = 32),
      constraint idempotency_keys_response_status_check check (response_status between 100 and 599),
      unique (organization_id, actor, key)
    `,
    columnComments: { request_sha256: 'Of the request: the same key with another request is refused.' },
    audit: { none: 'kept for a day, about requests which are audited themselves' },
    retention: '24 hours',
    personalData: true,
    writes: { worker: '' },
    also: [`create index idempotency_keys_expires_idx on app.idempotency_keys (organization_id, expires_at)`],
  });
  await createPrivacyTables(db);
}

async function createPrivacyTables(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'data_retention_policies',
    comment: 'How long an organization keeps rows of a table, where it differs from the default.',
    columns: `
      table_name text not null,
      keep_days integer not null,
      action text not null,
      constraint data_retention_policies_keep_days_check check (keep_days between 1 and 36500),
      constraint data_retention_policies_action_check check (action in ('delete', 'anonymise')),
      unique (organization_id, table_name)
    `,
    audit: 'standard',
    retention: 'with the organization',
    personalData: false,
    writes: { worker: '' },
  });
  for (const kind of ['export', 'deletion'] as const) {
    await createTenantTable(db, {
      name: `data_${kind}_requests`,
      comment:
        kind === 'export'
          ? 'Somebody asked for all data about a couple: the request, and where the archive lies.'
          : 'Somebody asked to have all data about a couple deleted: the request, and what was done.',
      columns: `
        subject_type text not null,
        subject_id uuid not null,
        status text not null default 'pending',
        requested_by text not null,
        ${kind === 'export' ? 'object_ref text,\n        sha256 bytea,\n        expires_at timestamptz,' : 'report jsonb,'}
        finished_at timestamptz,
        error text,
        constraint data_${kind}_requests_subject_type_check check (subject_type in ('client', 'couple')),
        constraint data_${kind}_requests_status_check check (status in ('pending', 'running', 'completed', 'failed')),
        constraint data_${kind}_requests_finished_check
          check ((status in ('completed', 'failed')) = (finished_at is not null))
      `,
      columnComments: { subject_id: 'Kept after the deletion: it is what proves that it was done.' },
      audit: 'standard',
      retention: '7 years: proof of what was asked and done',
      personalData: false,
      also: [
        `create index data_${kind}_requests_subject_idx on app.data_${kind}_requests (organization_id, subject_id)`,
        `create index data_${kind}_requests_open_idx on app.data_${kind}_requests (organization_id, created_at)
           where status in ('pending', 'running')`,
      ],
    });
  }
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `drop function app.resolve_api_key(bytea)`);
  await dropTenantTable(
    db,
    'data_deletion_requests',
    'data_export_requests',
    'data_retention_policies',
    'idempotency_keys',
    'api_keys',
    'integration_credentials',
    'subscriptions',
  );
}
