import { run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'clients',
    comment: "A couple as this supplier's record (the booking). Journeys run on it.",
    columns: `
      couple_id uuid,
      external_id text,
      partner_1_name text not null default '',
      partner_2_name text not null default '',
      status text not null default 'lead',
      wedding_date date,
      wedding_time time,
      wedding_timezone text,
      wedding_changed_at timestamptz,
      postponed_at timestamptz,
      venue text,
      guest_count integer,
      tags text[] not null default '{}',
      key_dates jsonb not null default '{}',
      metadata jsonb not null default '{}',
      assignee_id uuid references app.users (id),
      version integer not null default 1,
      deleted_at timestamptz,
      deleted_by uuid references app.users (id),
      created_by uuid references app.users (id),
      updated_by uuid references app.users (id),
      constraint clients_status_check check (status in ('lead', 'booked', 'married', 'cancelled', 'archived')),
      constraint clients_wedding_date_check check (wedding_date between '1990-01-01' and '2199-12-31'),
      constraint clients_wedding_timezone_check check (app.is_time_zone(wedding_timezone)),
      constraint clients_guest_count_check check (guest_count between 0 and 100000),
      constraint clients_names_check check (length(partner_1_name) <= 200 and length(partner_2_name) <= 200),
      constraint clients_tags_check check (cardinality(tags) <= 100 and array_position(tags, null) is null),
      constraint clients_key_dates_check check (jsonb_typeof(key_dates) = 'object'),
      constraint clients_metadata_check check (jsonb_typeof(metadata) = 'object'),
      unique (organization_id, external_id)
    `,
    columnComments: {
      external_id: "The record's key in the supplier's other program; imports find it again by this.",
      wedding_time: "Wall time of the ceremony in the wedding's zone.",
      wedding_timezone: "IANA zone of the wedding; NULL means the organization's.",
      wedding_changed_at: 'When date, time or zone last changed, or the wedding was postponed. Kept by a trigger.',
      postponed_at: 'Since when the wedding is postponed without a new date; NULL: it is not.',
      tags: "The supplier's own labels; conditions ask for them as client.tags.",
      key_dates: 'Further dates by key, each YYYY-MM-DD: anchors date:<key>.',
      metadata: "The supplier's own fields by key: conditions ask for them as client.custom.<key>.",
      version: 'Grows by one with every change: an editor who read an older one is told so.',
      assignee_id: 'The member who looks after this couple; tasks for the assignee go to them.',
    },
    audit: 'standard',
    retention: '90 days after deletion',
    personalData: true,
    also: [
      `create index clients_wedding_date_idx on app.clients (organization_id, wedding_date) where deleted_at is null`,
      `create index clients_postponed_idx on app.clients (organization_id, postponed_at) where postponed_at is not null`,
      `create index clients_status_idx on app.clients (organization_id, status)`,
      `create index clients_created_idx on app.clients (organization_id, created_at desc, id)`,
      `create index clients_assignee_id_idx on app.clients (assignee_id) where assignee_id is not null`,
      `create index clients_deleted_by_idx on app.clients (deleted_by) where deleted_by is not null`,
      `create index clients_created_by_idx on app.clients (created_by) where created_by is not null`,
      `create index clients_updated_by_idx on app.clients (updated_by) where updated_by is not null`,
      `create function app.prepare_client() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
       begin
         new.version := old.version + 1;
                  -- A new date ends a postponement, unless the same statement says otherwise.
         if new.wedding_date is distinct from old.wedding_date and new.wedding_date is not null
            and new.postponed_at is not distinct from old.postponed_at then
           new.postponed_at := null;
         end if;
         if (new.wedding_date, new.wedding_time, new.wedding_timezone, new.postponed_at is null)
              is distinct from (old.wedding_date, old.wedding_time, old.wedding_timezone, old.postponed_at is null)
            and new.wedding_changed_at is not distinct from old.wedding_changed_at then
           new.wedding_changed_at := now();
         end if;
         return new;
       end $$`,
      `create trigger prepare_client before update on app.clients
         for each row execute function app.prepare_client()`,
    ],
  });
  await createTenantTable(db, {
    name: 'client_contacts',
    comment: 'An address at which somebody of this couple, or somebody for them (venue, planner), is reached.',
    columns: `
      client_id uuid not null,
      role text not null default 'partner_1',
      name text,
      contact_type text not null,
      contact_value text not null,
      value_normalized text not null default '',
      address_hash bytea not null generated always as (app.address_hash(organization_id, value_normalized)) stored,
      is_primary boolean not null default false,
      timezone text,
      locale text,
      verified_at timestamptz,
      constraint client_contacts_role_check check (role ~ '^[a-z][a-z0-9_]{0,39}$'),
      constraint client_contacts_contact_type_check check (contact_type in ('email', 'phone', 'social')),
      constraint client_contacts_contact_value_check check (length(contact_value) between 1 and 320),
      constraint client_contacts_value_normalized_check check (value_normalized <> ''),
      constraint client_contacts_email_check
        check (contact_type <> 'email' or value_normalized ~ '^[^[:space:]@]+@[^[:space:]@]+$'),
      constraint client_contacts_timezone_check check (app.is_time_zone(timezone)),
      foreign key (organization_id, client_id) references app.clients (organization_id, id)
    `,
    columnComments: {
      role: 'partner_1, partner_2, or another role such as venue. The rows of one role are one person.',
      value_normalized: 'E.164 number or lower-case address; filled from contact_value where the writer leaves it out.',
      address_hash: 'What suppressions compare, so that they survive the deletion of the address.',
      is_primary: "The couple's first address of this type; at most one a type.",
      timezone: 'IANA zone in which this person lives, where it is known.',
    },
    audit: 'standard',
    retention: 'with the client',
    personalData: true,
    also: [
      `create unique index client_contacts_primary_key on app.client_contacts (organization_id, client_id, contact_type)
         where is_primary`,
      `create index client_contacts_client_idx on app.client_contacts (organization_id, client_id)`,
      `create index client_contacts_value_idx on app.client_contacts (organization_id, value_normalized)`,
      `create index client_contacts_address_hash_idx on app.client_contacts (organization_id, address_hash)`,
      `create function app.contact_person(organization_id uuid, contact_id uuid) returns uuid
         language sql stable parallel safe
         return (select first.id from app.client_contacts of
                   join app.client_contacts first on first.organization_id = of.organization_id
                    and first.client_id = of.client_id and first.role = of.role
                  where of.organization_id = $1 and of.id = $2
                  order by first.is_primary desc, first.created_at, first.id limit 1)`,
      `comment on function app.contact_person(uuid, uuid) is
         'The row that stands for the person to whom an address belongs: the first address of the same role.'`,
      `create function app.normalize_contact() returns trigger language plpgsql
         set search_path = pg_catalog, pg_temp as $$
       begin
         if new.value_normalized = ''
            or (tg_op = 'UPDATE' and new.contact_value is distinct from old.contact_value
                and new.value_normalized is not distinct from old.value_normalized) then
           new.value_normalized := case new.contact_type
             when 'email' then lower(trim(new.contact_value))
             when 'phone' then regexp_replace(new.contact_value, '[^+0-9]', '', 'g')
             else trim(new.contact_value) end;
         end if;
         return new;
       end $$`,
      `create trigger normalize_contact before insert or update on app.client_contacts
         for each row execute function app.normalize_contact()`,
    ],
  });
  await createTenantTable(db, {
    name: 'consents',
    appendOnly: true,
    comment: 'What a couple allowed or withdrew, one row a decision, with the evidence. The latest counts.',
    columns: `
      client_id uuid not null,
      contact_id uuid,
      channel text not null,
      purpose text not null,
      state text not null,
      source text not null default 'supplier',
      evidence jsonb not null default '{}',
      recorded_at timestamptz not null default now(),
      recorded_by uuid references app.users (id),
      constraint consents_channel_check check (channel in ('email', 'sms', 'whatsapp')),
      constraint consents_purpose_check check (purpose in ('transactional', 'service', 'marketing')),
      constraint consents_state_check check (state in ('granted', 'withdrawn')),
      constraint consents_source_check
        check (source in ('supplier', 'couple', 'form', 'import', 'one_click', 'keyword', 'api')),
      constraint consents_evidence_check check (jsonb_typeof(evidence) = 'object'),
      foreign key (organization_id, client_id) references app.clients (organization_id, id),
      foreign key (organization_id, contact_id) references app.client_contacts (organization_id, id)
        on delete set null (contact_id)
    `,
    columnComments: {
      contact_id: 'The person it is about; NULL: everybody of this couple.',
      evidence: 'How it is known: words shown, page, address of the request, message.',
    },
    audit: { none: 'append-only: the rows are the history' },
    retention: 'with the client',
    personalData: true,
    also: [
      `create index consents_client_idx on app.consents (organization_id, client_id, channel, purpose, recorded_at desc)`,
      `create index consents_contact_idx on app.consents (organization_id, contact_id)`,
      `create index consents_recorded_by_idx on app.consents (recorded_by) where recorded_by is not null`,
    ],
  });
  await createTenantTable(db, {
    name: 'suppressions',
    comment: 'An address to which nothing, or nothing of some purposes, is sent any more. Holds its hash only.',
    columns: `
      channel text not null,
      address_hash bytea not null,
      purposes text[],
      reason text not null,
      source_communication_id uuid,
      expires_at timestamptz,
      constraint suppressions_channel_check check (channel in ('email', 'sms', 'whatsapp')),
      constraint suppressions_reason_check
        check (reason in ('unsubscribe', 'bounce', 'complaint', 'stop_keyword', 'manual')),
      constraint suppressions_purposes_check
        check (purposes <@ '{transactional,service,marketing}'::text[] and cardinality(purposes) > 0),
      constraint suppressions_address_hash_check check (length(address_hash) = 32),
      unique (organization_id, channel, address_hash)
    `,
    columnComments: {
      address_hash: 'app.address_hash(organization_id, normalized address).',
      purposes: 'What is stopped; NULL: everything.',
    },
    audit: 'standard',
    retention: 'with the organization: an opt-out outlives the couple',
    personalData: true,
  });
  await createTenantTable(db, {
    name: 'client_events',
    id: 'bigint',
    appendOnly: true,
    comment:
      'What happened to a couple, in order: written by triggers for our own events, by programs for custom ones.',
    columns: `
      client_id uuid not null,
      name text not null,
      ref text,
      occurred_at timestamptz not null default now(),
      data jsonb not null default '{}',
      source text not null default 'api',
      dedup_key text,
      constraint client_events_name_check check (name ~ '^[a-z][a-z0-9_.]{0,79}$'),
      constraint client_events_reserved_check check (source = 'system' or name not in (
        'client.created', 'client.booked', 'client.status', 'client.cancelled', 'wedding_date.set',
        'payment.scheduled', 'payment.due', 'payment.succeeded', 'payment.failed', 'invoice.overdue',
        'form.submitted', 'core_field.changed')),
      constraint client_events_data_check check (jsonb_typeof(data) = 'object' and pg_column_size(data) <= 65536),
      constraint client_events_source_check
        check (source in ('api', 'couple', 'supplier', 'webhook', 'channel', 'system')),
      foreign key (organization_id, client_id) references app.clients (organization_id, id),
      unique (organization_id, dedup_key)
    `,
    columnComments: {
      name: 'A word of the starts list (source system), reply, or a custom name such as tasting.booked.',
      ref: 'The row it came from, such as the payment.',
      data: 'What match and conditions compare.',
      dedup_key: "The sender's own key: the same event told twice is one row.",
    },
    audit: { none: 'append-only: the rows are the history' },
    retention: 'with the client',
    personalData: true,
    also: [
      `create index client_events_client_idx on app.client_events (organization_id, client_id, name, occurred_at)`,
    ],
  });
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `drop function app.contact_person(uuid, uuid)`);
  await dropTenantTable(db, 'client_events', 'suppressions', 'consents', 'client_contacts', 'clients');
  await run(db, `drop function app.normalize_contact()`, `drop function app.prepare_client()`);
}
