import { run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'email_campaigns',
    comment: 'One message to many couples at once.',
    columns: `
      name text not null,
      template_id uuid,
      channel text not null default 'email',
      purpose text not null default 'marketing',
      audience jsonb not null default '{}',
      status text not null default 'draft',
      scheduled_at timestamptz,
      started_at timestamptz,
      completed_at timestamptz,
      recipients_total integer not null default 0,
      recipients_sent integer not null default 0,
      recipients_skipped integer not null default 0,
      created_by uuid references app.users (id),
      constraint email_campaigns_name_check check (length(name) between 1 and 200),
      constraint email_campaigns_channel_check check (channel in ('email', 'sms', 'whatsapp')),
      constraint email_campaigns_purpose_check check (purpose in ('transactional', 'service', 'marketing')),
      constraint email_campaigns_status_check
        check (status in ('draft', 'scheduled', 'sending', 'paused', 'completed', 'cancelled')),
      constraint email_campaigns_audience_check check (jsonb_typeof(audience) = 'object'),
      constraint email_campaigns_counts_check
        check (least(recipients_total, recipients_sent, recipients_skipped) >= 0
          and recipients_sent + recipients_skipped <= recipients_total),
      foreign key (organization_id, template_id) references app.communication_templates (organization_id, id)
    `,
    columnComments: { audience: 'Who gets it: a condition over clients, as in journeys.' },
    audit: 'standard',
    retention: 'with the organization',
    personalData: false,
    also: [
      `create index email_campaigns_template_idx on app.email_campaigns (organization_id, template_id)`,
      `create index email_campaigns_created_by_idx on app.email_campaigns (created_by) where created_by is not null`,
      `create index email_campaigns_status_idx on app.email_campaigns (organization_id, status, scheduled_at)`,
    ],
  });
  await run(
    db,
    `alter table app.communications add constraint communications_campaign_fkey
       foreign key (organization_id, campaign_id) references app.email_campaigns (organization_id, id)`,
    `create index communications_campaign_idx on app.communications (organization_id, campaign_id)
       where campaign_id is not null`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop index app.communications_campaign_idx`,
    `alter table app.communications drop constraint communications_campaign_fkey`,
  );
  await dropTenantTable(db, 'email_campaigns');
}
