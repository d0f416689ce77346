import { run, type MigrationDatabase } from '../migrate/statements.ts';
import {
  addUpdatedAtTrigger,
  createTenantTable,
  describeTable,
  dropTenantTable,
  secureTenantTable,
} from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createOrganizations(db);
  await createTenantTable(db, {
    name: 'organization_settings',
    id: 'none',
    comment: 'One row an organization: when it works and when it may write to couples. The planner reads all of it.',
    columns: `
      default_time time not null default '09:00',
      working_days text[] not null default '{mon,tue,wed,thu,fri}',
      closed_on date[] not null default '{}',
      send_window_from time,
      send_window_to time,
      send_window_days text[],
      daily_cap integer not null default 3,
      hold_when_postponed boolean not null default false,
      settle_minutes integer not null default 10,
      postponed_task_weeks integer not null default 8,
      close_after_days integer not null default 400,
      primary key (organization_id),
      constraint organization_settings_working_days_check
        check (working_days <@ '{mon,tue,wed,thu,fri,sat,sun}'::text[] and cardinality(working_days) > 0),
      constraint organization_settings_send_window_days_check
        check (send_window_days is null
          or (send_window_days <@ '{mon,tue,wed,thu,fri,sat,sun}'::text[] and cardinality(send_window_days) > 0)),
      constraint organization_settings_send_window_check
        check ((send_window_from is null) = (send_window_to is null) and send_window_from < send_window_to),
      constraint organization_settings_daily_cap_check check (daily_cap between 1 and 100),
      constraint organization_settings_settle_minutes_check check (settle_minutes between 0 and 10080),
      constraint organization_settings_postponed_task_weeks_check check (postponed_task_weeks between 1 and 520),
      constraint organization_settings_close_after_days_check check (close_after_days between 1 and 3650)
    `,
    columnComments: {
      default_time: 'Local time of a step that names none.',
      closed_on: 'Civil dates on which the organization does not work, beside the days of the week.',
      send_window_from: 'With send_window_to: local times between which messages may go; both NULL: at any time.',
      daily_cap: 'Most service and marketing messages a local day to one couple, over all journeys.',
      settle_minutes: 'How long a changed date must be still before what it made due acts.',
      close_after_days: 'Days after the wedding at which what never came is given up.',
    },
    audit: 'standard',
    retention: 'with the organization',
    personalData: false,
    writes: { worker: '' },
  });
  await createUsers(db);
  await createTenantTable(db, {
    name: 'user_profiles',
    comment: 'A person as a member of an organization, with a role in it.',
    columns: `
      user_id uuid not null references app.users (id),
      role text not null default 'MEMBER',
      first_name text not null default '',
      last_name text not null default '',
      full_name text not null generated always as (trim(both ' ' from first_name || ' ' || last_name)) stored,
      notification_settings jsonb not null default '{}',
      constraint user_profiles_role_check check (role in ('OWNER', 'ADMIN', 'MEMBER', 'VIEWER')),
      constraint user_profiles_notification_settings_check check (jsonb_typeof(notification_settings) = 'object'),
      unique (organization_id, user_id)
    `,
    audit: 'standard',
    retention: 'with the organization',
    personalData: false,
    writes: { worker: '' },
    also: [
      `create index user_profiles_user_id_idx on app.user_profiles (user_id)`,
      // The row security of user_profiles applies inside: a member sees the logins of their own organization only.
      `create policy members on app.users for select to app_api, app_worker, app_readonly
         using (exists (select from app.user_profiles p where p.user_id = users.id))`,
    ],
  });
}

async function createOrganizations(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create table app.organizations (
       id uuid primary key default gen_random_uuid(),
       name text not null,
       slug text not null,
       domain text,
       business_type text not null default 'other',
       timezone text not null default 'Europe/London',
       locale text not null default 'en-GB',
       pricing_tier text not null default 'free',
       subscription_status text not null default 'active',
       trial_ends_at timestamptz,
       max_users integer,
       max_clients integer,
       max_forms integer,
       max_submissions integer,
       max_journeys integer,
       stripe_customer_id text,
       stripe_subscription_id text,
       settings jsonb not null default '{}',
       features jsonb not null default '{}',
       created_at timestamptz not null default now(),
       updated_at timestamptz not null default now(),
       deleted_at timestamptz,
       constraint organizations_slug_key unique (slug),
       constraint organizations_stripe_customer_id_key unique (stripe_customer_id),
       constraint organizations_stripe_subscription_id_key unique (stripe_subscription_id),
       constraint organizations_name_check check (length(name) between 1 and 200),
       constraint organizations_slug_check check (slug ~ '^[a-z0-9](-?[a-z0-9])*$' and length(slug) <= 63),
       constraint organizations_timezone_check check (app.is_time_zone(timezone)),
       constraint organizations_business_type_check check (business_type in (
         'photographer', 'videographer', 'venue', 'caterer', 'planner', 'florist', 'band', 'dj', 'cake', 'hair_makeup',
         'transport', 'stationery', 'celebrant', 'other')),
       constraint organizations_pricing_tier_check
         check (pricing_tier in ('free', 'starter', 'professional', 'scale', 'enterprise')),
       constraint organizations_subscription_status_check
         check (subscription_status in ('trialing', 'active', 'past_due', 'cancelled')),
       constraint organizations_limits_check
         check (least(max_users, max_clients, max_forms, max_submissions, max_journeys) >= 0),
       constraint organizations_settings_check check (jsonb_typeof(settings) = 'object'),
       constraint organizations_features_check check (jsonb_typeof(features) = 'object')
     )`,
  );
  await secureTenantTable(db, 'organizations', 'id');
  await run(
    db,
    `grant select on app.organizations to app_api, app_worker, app_readonly`,
    `grant update on app.organizations to app_api`,
    // The relay goes from organization to organization, and needs to know no more than that they exist.
    `create policy relay on app.organizations for select to app_relay using (true)`,
    `grant select (id, timezone, deleted_at) on app.organizations to app_relay`,
  );
  await addUpdatedAtTrigger(db, 'organizations');
  await describeTable(db, {
    name: 'organizations',
    comment: "The tenant: one supplier's business. Its id is the organization_id of every other table.",
    columnComments: {
      timezone: 'IANA zone of the business: tasks and working days are counted in it.',
      max_clients: 'Limit of the subscription; NULL means unlimited. The same for the other max_ columns.',
      features: 'Switches of the subscription, each true or false.',
    },
    audit: 'standard',
    retention: 'until the organization is erased',
    personalData: false,
  });
}

async function createUsers(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create table app.users (
       id uuid primary key default gen_random_uuid(),
       email text not null,
       email_normalized text not null generated always as (lower(trim(both ' ' from email))) stored,
       email_verified_at timestamptz,
       last_login_at timestamptz,
       failed_login_count integer not null default 0,
       locked_until timestamptz,
       created_at timestamptz not null default now(),
       updated_at timestamptz not null default now(),
       constraint users_email_normalized_key unique (email_normalized),
       constraint users_email_check check (email ~ '^[^[:space:]@]+@[^[:space:]@]+$' and length(email) <= 320),
       constraint users_failed_login_count_check check (failed_login_count >= 0)
     )`,
    `alter table app.users enable row level security`,
    `alter table app.users force row level security`,
    `create policy owner_all on app.users for all to app_owner using (true) with check (true)`,
    `create policy sign_in on app.users for all to app_auth using (true) with check (true)`,
    `grant select on app.users to app_api, app_worker, app_readonly`,
    `grant select, insert, update on app.users to app_auth`,
  );
  await addUpdatedAtTrigger(db, 'users');
  await describeTable(db, {
    name: 'users',
    comment: 'A login. Belongs to no organization by itself: user_profiles says where it is a member.',
    audit: 'standard',
    retention: 'until the person closes the account',
    personalData: true,
  });
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `drop policy members on app.users`);
  await dropTenantTable(db, 'user_profiles', 'users', 'organization_settings', 'organizations');
}
