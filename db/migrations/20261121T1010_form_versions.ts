import { run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'form_versions',
    appendOnly: true,
    comment: 'A form as it was published. Never changed: answers refer to it.',
    columns: `
      form_id uuid not null,
      version integer not null,
      definition jsonb not null,
      published_at timestamptz not null default now(),
      published_by uuid references app.users (id),
      constraint form_versions_version_check check (version >= 1),
      constraint form_versions_definition_check check (jsonb_typeof(definition) = 'object'),
      foreign key (organization_id, form_id) references app.forms (organization_id, id),
      unique (organization_id, form_id, version)
    `,
    audit: { none: 'append-only: the rows are the history' },
    retention: 'with the organization',
    personalData: false,
    writes: { worker: '' },
    also: [
      `create index form_versions_published_by_idx on app.form_versions (published_by) where published_by is not null`,
    ],
  });
  await createTenantTable(db, {
    name: 'form_fields',
    appendOnly: true,
    comment: 'The questions of a published form version as rows.',
    columns: `
      form_version_id uuid not null,
      field_key text not null,
      label text not null,
      field_type text not null,
      is_required boolean not null default false,
      options jsonb not null default '[]',
      validation jsonb not null default '{}',
      sort_order integer not null,
      constraint form_fields_field_key_check check (field_key ~ '^[a-z][a-z0-9_]{0,39}$'),
      constraint form_fields_field_type_check check (field_type in (
        'text', 'long_text', 'number', 'date', 'time', 'choice', 'choices', 'yes_no', 'email', 'phone', 'address',
        'file')),
      constraint form_fields_options_check check (jsonb_typeof(options) = 'array'),
      constraint form_fields_validation_check check (jsonb_typeof(validation) = 'object'),
      foreign key (organization_id, form_version_id) references app.form_versions (organization_id, id),
      unique (organization_id, form_version_id, field_key),
      constraint form_fields_order_key unique (organization_id, form_version_id, sort_order)
    `,
    audit: { none: 'derived from form_versions when it is published, never changed' },
    retention: 'with the organization',
    personalData: false,
    writes: { worker: '' },
  });
  await createTenantTable(db, {
    name: 'field_mappings',
    comment: 'Which answer of a form fills which common field.',
    columns: `
      form_id uuid not null,
      field_key text not null,
      core_field_key text not null,
      constraint field_mappings_core_field_key_check check (core_field_key ~ '^[a-z][a-z0-9_]{0,39}$'),
      foreign key (organization_id, form_id) references app.forms (organization_id, id),
      unique (organization_id, form_id, field_key)
    `,
    audit: 'standard',
    retention: 'with the organization',
    personalData: false,
    writes: { worker: '' },
  });
  await run(
    db,
    `alter table app.form_submissions add constraint form_submissions_form_version_fkey
       foreign key (organization_id, form_version_id) references app.form_versions (organization_id, id)`,
    `create index form_submissions_form_version_idx on app.form_submissions (organization_id, form_version_id)`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop index app.form_submissions_form_version_idx`,
    `alter table app.form_submissions drop constraint form_submissions_form_version_fkey`,
  );
  await dropTenantTable(db, 'field_mappings', 'form_fields', 'form_versions');
}
