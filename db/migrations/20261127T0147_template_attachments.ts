import type { MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

/** Files that mails bring along: a guide, a price list. They are part of the version of the template. */
export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'template_attachments',
    comment: 'A file that comes with every mail of one version of a template. Written once, with the version.',
    appendOnly: true,
    columns: `
      template_id uuid not null,
      position integer not null,
      file_name text not null,
      content_type text not null,
      content bytea not null,
      content_sha256 bytea not null generated always as (sha256(content)) stored,
      foreign key (organization_id, template_id)
        references app.communication_templates (organization_id, id) on delete cascade,
      constraint template_attachments_position_key unique (organization_id, template_id, position),
      constraint template_attachments_file_name_key unique (organization_id, template_id, file_name),
      constraint template_attachments_position_check check (position between 1 and 10),
      constraint template_attachments_file_name_check
        check (length(file_name) between 1 and 120 and file_name !~ '[/\\\\[:cntrl:]]'),
      constraint template_attachments_content_type_check check (content_type ~ '^[a-z]+/[a-z0-9.+-]+$'),
      constraint template_attachments_content_check check (octet_length(content) between 1 and 5242880)
    `,
    columnComments: {
      position: 'Their order in the mail.',
      content_type: 'Media type, known from the ending of the name.',
      content: 'At most 5 MB each.',
    },
    audit: { none: 'written once, with a version of communication_templates, which is audited' },
    retention: 'with the organization',
    personalData: false,
    writes: { worker: '' },
    also: [
      // Pictures and documents are compressed already; storing them as they are saves the work.
      'alter table app.template_attachments alter column content set storage external',
    ],
  });
}

export async function down(db: MigrationDatabase): Promise<void> {
  await dropTenantTable(db, 'template_attachments');
}
