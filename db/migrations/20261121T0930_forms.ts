import { run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'forms',
    comment: 'A questionnaire of a supplier.',
    columns: `
      slug text not null,
      name text not null,
      description text not null default '',
      status text not null default 'draft',
      settings jsonb not null default '{}',
      published_version integer,
      deleted_at timestamptz,
      constraint forms_slug_check check (slug ~ '^[a-z][a-z0-9_]{0,39}$'),
      constraint forms_name_check check (length(name) between 1 and 200),
      constraint forms_status_check check (status in ('draft', 'published', 'archived')),
      constraint forms_settings_check check (jsonb_typeof(settings) = 'object'),
      unique (organization_id, slug)
    `,
    columnComments: { slug: 'What conditions and events name: form.<slug>.status.' },
    audit: 'standard',
    retention: 'with the organization',
    personalData: false,
    writes: { worker: '' },
  });
  await createTenantTable(db, {
    name: 'form_submissions',
    comment: "A couple's answers to a form, begun or submitted.",
    columns: `
      form_id uuid not null,
      form_version_id uuid,
      client_id uuid not null,
      status text not null default 'draft',
      answers jsonb not null default '{}',
      started_at timestamptz not null default now(),
      submitted_at timestamptz,
      dedup_key text,
      constraint form_submissions_status_check check (status in ('draft', 'submitted', 'archived')),
      constraint form_submissions_answers_check
        check (jsonb_typeof(answers) = 'object' and pg_column_size(answers) <= 1048576),
      constraint form_submissions_submitted_check check (status = 'draft' or submitted_at is not null),
      foreign key (organization_id, form_id) references app.forms (organization_id, id),
      foreign key (organization_id, client_id) references app.clients (organization_id, id),
      unique (organization_id, dedup_key)
    `,
    columnComments: { submitted_at: 'Filled by a trigger where the writer leaves it out.' },
    audit: 'standard',
    retention: 'with the client',
    personalData: true,
    also: [
      `create index form_submissions_client_idx on app.form_submissions (organization_id, client_id, form_id)`,
      `create index form_submissions_form_idx on app.form_submissions (organization_id, form_id, submitted_at desc)`,
      `create function app.prepare_form_submission() returns trigger language plpgsql
         set search_path = pg_catalog, pg_temp as $$
       begin
         if new.status <> 'draft' and new.submitted_at is null then new.submitted_at := now(); end if;
         return new;
       end $$`,
      `create trigger prepare_form_submission before insert or update on app.form_submissions
         for each row execute function app.prepare_form_submission()`,
    ],
  });
  await createTenantTable(db, {
    name: 'core_field_values',
    comment: 'What is known about a couple in the common fields of the platform (venue, guest count ...).',
    columns: `
      client_id uuid not null,
      field_key text not null,
      value jsonb not null,
      source text not null default 'supplier',
      constraint core_field_values_field_key_check check (field_key ~ '^[a-z][a-z0-9_]{0,39}$'),
      constraint core_field_values_value_check check (pg_column_size(value) <= 65536),
      constraint core_field_values_source_check check (source in ('supplier', 'couple', 'form', 'import', 'api')),
      foreign key (organization_id, client_id) references app.clients (organization_id, id),
      unique (organization_id, client_id, field_key)
    `,
    audit: 'standard',
    retention: 'with the client',
    personalData: true,
  });
}

export async function down(db: MigrationDatabase): Promise<void> {
  await dropTenantTable(db, 'core_field_values', 'form_submissions', 'forms');
  await run(db, `drop function app.prepare_form_submission()`);
}
