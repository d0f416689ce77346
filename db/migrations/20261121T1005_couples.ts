import { run, type MigrationDatabase } from '../migrate/statements.ts';
import { addUpdatedAtTrigger, createTenantTable, describeTable, dropTenantTable } from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createCouples(db);
  await createTenantTable(db, {
    name: 'couple_supplier_relationships',
    comment: 'That a couple with an account works with a supplier, and what it shares with this one.',
    columns: `
      couple_id uuid not null references app.couples (id),
      client_id uuid,
      status text not null default 'invited',
      permissions jsonb not null default '{}',
      service_type text,
      service_starts_on date,
      service_ends_on date,
      connected_at timestamptz,
      ended_at timestamptz,
      constraint couple_supplier_relationships_status_check
        check (status in ('invited', 'connected', 'paused', 'ended')),
      constraint couple_supplier_relationships_permissions_check check (jsonb_typeof(permissions) = 'object'),
      constraint couple_supplier_relationships_service_check check (service_starts_on <= service_ends_on),
      foreign key (organization_id, client_id) references app.clients (organization_id, id),
      unique (organization_id, couple_id)
    `,
    columnComments: {
      permissions:
        'What the couple does not share with this supplier, beside its flags: {"coreFields", "guestList", "budget"}, false.',
    },
    audit: 'standard',
    retention: 'with the couple',
    personalData: true,
    writes: { worker: '' },
    also: [
      `create index couple_supplier_relationships_couple_idx on app.couple_supplier_relationships (couple_id)`,
      `create index couple_supplier_relationships_client_idx
         on app.couple_supplier_relationships (organization_id, client_id)`,
      // A couple's own session asks across suppliers; sign-in is the role that knows couples.
      `create policy couples_side on app.couple_supplier_relationships for all to app_auth using (true) with check (true)`,
      `grant select, update on app.couple_supplier_relationships to app_auth`,
      // A supplier sees the couples it works with. The row security of the relationship applies inside.
      ...['couples', 'couple_members'].map(
        (table) => `create policy connected on app.${table} for select to app_api, app_worker, app_readonly
           using (exists (select from app.couple_supplier_relationships r
                           where r.couple_id = ${table === 'couples' ? 'couples.id' : 'couple_members.couple_id'}
                             and r.status <> 'ended'))`,
      ),
    ],
  });
  await run(
    db,
    `alter table app.clients add constraint clients_couple_id_fkey foreign key (couple_id) references app.couples (id)`,
    `create index clients_couple_id_idx on app.clients (couple_id) where couple_id is not null`,
  );
  await createCoreFields(db);
  await createMergeView(db);
}

async function createCouples(db: MigrationDatabase): Promise<void> {
  const secure = (table: string): string[] => [
    `alter table app.${table} enable row level security`,
    `alter table app.${table} force row level security`,
    `create policy owner_all on app.${table} for all to app_owner using (true) with check (true)`,
    `create policy couples_side on app.${table} for all to app_auth using (true) with check (true)`,
    `grant select on app.${table} to app_api, app_worker, app_readonly`,
    `grant select, insert, update, delete on app.${table} to app_auth`,
  ];
  await run(
    db,
    `create table app.couples (
       id uuid primary key default gen_random_uuid(),
       display_name text not null,
       locale text not null default 'en-GB',
       share_core_fields boolean not null default true,
       share_guest_list boolean not null default false,
       share_budget boolean not null default false,
       created_at timestamptz not null default now(),
       updated_at timestamptz not null default now(),
       deleted_at timestamptz,
       constraint couples_display_name_check check (length(display_name) between 1 and 200)
     )`,
    ...secure('couples'),
    `create table app.couple_members (
       id uuid primary key default gen_random_uuid(),
       couple_id uuid not null references app.couples (id),
       user_id uuid not null references app.users (id),
       partner_no integer not null,
       created_at timestamptz not null default now(),
       updated_at timestamptz not null default now(),
       constraint couple_members_partner_no_check check (partner_no in (1, 2)),
       constraint couple_members_partner_no_key unique (couple_id, partner_no),
       constraint couple_members_user_id_key unique (couple_id, user_id)
     )`,
    `create index couple_members_user_id_idx on app.couple_members (user_id)`,
    ...secure('couple_members'),
  );
  for (const name of ['couples', 'couple_members']) await addUpdatedAtTrigger(db, name);
  await describeTable(db, {
    name: 'couples',
    comment: "A couple's own account, shared by the suppliers it works with; a client is one supplier's record of it.",
    columnComments: {
      share_core_fields: 'Whether connected suppliers see what the couple wrote in its common fields.',
      share_guest_list: 'The same for fields about guests.',
      share_budget: 'The same for fields about money.',
    },
    audit: 'standard',
    retention: 'until the couple closes its account',
    personalData: true,
  });
  await describeTable(db, {
    name: 'couple_members',
    comment: 'A login that belongs to a couple, as its first or second partner.',
    audit: 'standard',
    retention: 'with the couple',
    personalData: true,
  });
}

async function createCoreFields(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create table app.core_fields (
       id uuid primary key default gen_random_uuid(),
       organization_id uuid references app.organizations (id) on delete cascade,
       field_key text not null,
       label text not null,
       data_type text not null,
       category text not null default 'general',
       sort_order integer not null default 0,
       created_at timestamptz not null default now(),
       updated_at timestamptz not null default now(),
       constraint core_fields_field_key_check check (field_key ~ '^[a-z][a-z0-9_]{0,39}$'),
       constraint core_fields_data_type_check
         check (data_type in ('text', 'number', 'date', 'time', 'boolean', 'email', 'phone', 'address', 'list')),
       constraint core_fields_category_check check (category in ('general', 'guests', 'budget')),
       constraint core_fields_field_key_key unique nulls not distinct (organization_id, field_key)
     )`,
    `alter table app.core_fields enable row level security`,
    `alter table app.core_fields force row level security`,
    `create policy owner_all on app.core_fields for all to app_owner using (true) with check (true)`,
    // The platform's fields are everybody's to read; only an organization's own can be written.
    `create policy tenant on app.core_fields for select to app_api, app_worker, app_readonly
       using (organization_id is null or organization_id = (select app.current_org_id()))`,
    ...['insert', 'update', 'delete'].map(
      (verb) => `create policy tenant_${verb} on app.core_fields for ${verb} to app_api
         ${verb === 'insert' ? '' : 'using (organization_id = (select app.current_org_id()))'}
         ${verb === 'delete' ? '' : 'with check (organization_id = (select app.current_org_id()))'}`,
    ),
    `grant select on app.core_fields to app_api, app_worker, app_readonly`,
    `grant insert, update, delete on app.core_fields to app_api`,
  );
  await addUpdatedAtTrigger(db, 'core_fields');
  await describeTable(db, {
    name: 'core_fields',
    comment: 'The common fields about a wedding: those of the platform, and further ones of an organization.',
    columnComments: {
      organization_id: 'NULL: a field of the platform, the same for all.',
      category: 'Which of the flags of a couple decides whether a supplier sees it.',
    },
    audit: 'standard',
    retention: 'with the organization',
    personalData: false,
  });
  await run(
    db,
    `insert into app.core_fields (field_key, label, data_type, category, sort_order) values
       ('wedding_date', 'Wedding date', 'date', 'general', 1),
       ('ceremony_time', 'Ceremony time', 'time', 'general', 2),
       ('venue', 'Venue', 'text', 'general', 3),
       ('venue_address', 'Address of the venue', 'address', 'general', 4),
       ('guest_count', 'Guests', 'number', 'guests', 5),
       ('guest_list', 'Guest list', 'list', 'guests', 6),
       ('dietary_needs', 'Dietary needs', 'list', 'guests', 7),
       ('budget', 'Budget', 'number', 'budget', 8),
       ('first_dance', 'First dance', 'text', 'general', 9),
       ('color_scheme', 'Colours', 'text', 'general', 10)`,
  );
  await createTenantTable(db, {
    name: 'field_completion_states',
    comment: 'How far a couple has come with a common field.',
    columns: `
      client_id uuid not null,
      field_key text not null,
      status text not null default 'pending',
      constraint field_completion_states_status_check
        check (status in ('completed', 'partial', 'pending', 'not_applicable')),
      foreign key (organization_id, client_id) references app.clients (organization_id, id),
      unique (organization_id, client_id, field_key)
    `,
    audit: { none: 'derived from answers, which are audited' },
    retention: 'with the client',
    personalData: true,
  });
}

async function createMergeView(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create view app.shared_core_field_values with (security_invoker = true) as
       select v.organization_id, v.client_id, v.field_key, v.value, v.source
         from app.core_field_values v
         join app.clients c on c.organization_id = v.organization_id and c.id = v.client_id
         left join app.couples k on k.id = c.couple_id
         left join app.couple_supplier_relationships r
           on r.organization_id = c.organization_id and r.couple_id = c.couple_id
         left join lateral (
           select f.category from app.core_fields f
            where f.field_key = v.field_key and (f.organization_id is null or f.organization_id = v.organization_id)
            order by f.organization_id nulls last limit 1) f on true
        where v.source <> 'couple'
           or c.couple_id is null
           or (r.status = 'connected' and case coalesce(f.category, 'general')
                 when 'guests' then k.share_guest_list and coalesce(r.permissions -> 'guestList' <> 'false', true)
                 when 'budget' then k.share_budget and coalesce(r.permissions -> 'budget' <> 'false', true)
                 else k.share_core_fields and coalesce(r.permissions -> 'coreFields' <> 'false', true) end)`,
    `comment on view app.shared_core_field_values is
       'Core field values that may be used for this supplier: its own, and those which the couple shares with it. The only way by which messages and conditions read them.'`,
    `grant select on app.shared_core_field_values to app_api, app_worker, app_readonly`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop view app.shared_core_field_values`,
    `drop index app.clients_couple_id_idx`,
    `alter table app.clients drop constraint clients_couple_id_fkey`,
    `drop policy connected on app.couples`,
    `drop policy connected on app.couple_members`,
  );
  await dropTenantTable(
    db,
    'field_completion_states',
    'core_fields',
    'couple_supplier_relationships',
    'couple_members',
    'couples',
  );
}
