import type { MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

/** What WhatsApp decided about the templates that were put before it, as the provider last told it. */
export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'content_approvals',
    id: 'none',
    comment: 'Whether WhatsApp has approved a template, as the provider answered when it was last asked.',
    columns: `
      content_sid text not null,
      status text not null,
      category text,
      rejection_reason text,
      checked_at timestamptz not null,
      primary key (organization_id, content_sid),
      constraint content_approvals_content_sid_check check (content_sid ~ '^HX[0-9a-fA-F]{32}$'),
      constraint content_approvals_status_check check (status in
        ('unsubmitted', 'received', 'pending', 'approved', 'rejected', 'paused', 'disabled', 'missing', 'unknown'))
    `,
    columnComments: {
      content_sid: "Twilio's id of the template.",
      status: 'missing: the account has no such template. unknown: a word that this version does not know.',
      category: 'As it was approved.',
    },
    audit: { none: 'what the provider says, asked again every day' },
    retention: 'with the organization',
    personalData: false,
    writes: { api: 'insert, update', worker: 'insert, update' },
  });
}

export async function down(db: MigrationDatabase): Promise<void> {
  await dropTenantTable(db, 'content_approvals');
}
