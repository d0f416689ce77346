import { run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'communication_templates',
    comment: 'The words of a message. Every change is a row of its own; the highest version that is active is used.',
    columns: `
      name text not null,
      channel text not null,
      template_type text not null default 'journey',
      locale text not null default 'en-GB',
      version integer not null default 1,
      subject_template text,
      content_template text not null,
      html_template text,
      variables jsonb not null default '[]',
      is_active boolean not null default true,
      constraint communication_templates_name_check check (name ~ '^[a-z][a-z0-9_]{0,79}$'),
      constraint communication_templates_channel_check check (channel in ('email', 'sms', 'whatsapp', 'system')),
      constraint communication_templates_version_check check (version >= 1),
      constraint communication_templates_subject_check check (channel = 'email' or subject_template is null),
      constraint communication_templates_variables_check check (jsonb_typeof(variables) = 'array'),
      unique (organization_id, name, channel, locale, version)
    `,
    columnComments: {
      name: 'What a step names as its template.',
      content_template: 'Liquid: the body of a text message, or the source of a mail (MJML, or plain text).',
      html_template: 'What the source of a mail was compiled to, still with its Liquid tags.',
      variables: 'Names of the variables the template uses.',
    },
    audit: 'standard',
    retention: 'with the organization',
    personalData: false,
    writes: { worker: '' },
  });
  await createTenantTable(db, {
    name: 'communications',
    comment: 'One message to one recipient on one channel, in either direction.',
    columns: `
      client_id uuid,
      contact_id uuid,
      execution_id uuid,
      step_execution_id uuid,
      step_key text,
      occurrence integer,
      template_id uuid,
      campaign_id uuid,
      reply_to_id uuid,
      idempotency_key text not null,
      type text not null,
      direction text not null default 'outbound',
      purpose text not null default 'service',
      recipient text,
      recipient_hash bytea,
      recipient_role text,
      from_identity text,
      thread_key text,
      subject text,
      content text,
      content_sha256 bytea,
      variables jsonb not null default '{}',
      status text not null default 'draft',
      if_unknown text,
      message_id text,
      provider text,
      provider_message_id text,
      provider_status text,
      error_code text,
      error_message text,
      segments integer,
      cost_micros bigint,
      attempts integer not null default 0,
      local_on date,
      send_claimed_at timestamptz,
      queued_at timestamptz,
      sent_at timestamptz,
      delivered_at timestamptz,
      opened_at timestamptz,
      failed_at timestamptz,
      replied_at timestamptz,
      constraint communications_type_check check (type in ('email', 'sms', 'whatsapp', 'system')),
      constraint communications_direction_check check (direction in ('outbound', 'inbound')),
      constraint communications_purpose_check check (purpose in ('transactional', 'service', 'marketing')),
      constraint communications_status_check check (status in (
        'draft', 'queued', 'held', 'sending', 'sent', 'delivered', 'bounced', 'complained', 'failed', 'suppressed',
        'skipped', 'cancelled', 'unknown', 'received')),
      constraint communications_received_check check ((status = 'received') = (direction = 'inbound')),
      constraint communications_if_unknown_check check (if_unknown in ('assume_sent', 'resend_once', 'ask')),
      constraint communications_variables_check check (jsonb_typeof(variables) = 'object'),
      constraint communications_occurrence_check check (occurrence >= 1),
      constraint communications_attempts_check check (attempts >= 0),
      foreign key (organization_id, client_id) references app.clients (organization_id, id),
      foreign key (organization_id, contact_id) references app.client_contacts (organization_id, id)
        on delete set null (contact_id),
      foreign key (organization_id, execution_id) references app.journey_executions (organization_id, id),
      foreign key (organization_id, step_execution_id) references app.journey_step_executions (organization_id, id),
      foreign key (organization_id, template_id) references app.communication_templates (organization_id, id),
      unique (organization_id, idempotency_key)
    `,
    columnComments: {
      idempotency_key: '<execution>/<step>/<occurrence>/<recipient role>: the same effect never makes two messages.',
      reply_to_id: 'Of an inbound message: the outbound one it answers.',
      recipient_hash: 'app.address_hash of the recipient; stays when the address is erased.',
      message_id: 'Message-ID of a mail: made from the id, so that a second attempt is recognised.',
      local_on: "The recipient's local day for the daily cap: when it went, or will go.",
      send_claimed_at: 'When a worker began to send it: still sending long after means that nobody knows.',
      replied_at: 'When the first answer to it came.',
      cost_micros: "Millionths of a unit of the provider's currency.",
    },
    audit: { none: 'communication_events are its history' },
    retention: 'with the client',
    personalData: true,
    also: [
      `create unique index communications_provider_message_id_key
         on app.communications (organization_id, provider, provider_message_id) where provider_message_id is not null`,
      `create index communications_client_idx on app.communications (organization_id, client_id, created_at desc)`,
      `create index communications_execution_idx on app.communications (organization_id, execution_id, step_key)`,
      `create index communications_step_idx on app.communications (organization_id, step_execution_id)`,
      `create index communications_contact_idx on app.communications (organization_id, contact_id)`,
      `create index communications_template_idx on app.communications (organization_id, template_id)`,
      `create index communications_log_idx on app.communications (organization_id, created_at desc, id)`,
      // Neither status nor the time of the claim is in an index, so that claiming a message writes its row alone.
      `create index communications_unfinished_idx on app.communications (organization_id, created_at)
         where direction = 'outbound' and sent_at is null and failed_at is null`,
      `alter table app.communications set (fillfactor = 85)`,
      // A reply finds its message in the same organization only.
      `alter table app.communications add constraint communications_reply_to_fkey
         foreign key (organization_id, reply_to_id) references app.communications (organization_id, id)`,
      `create index communications_reply_to_idx on app.communications (organization_id, reply_to_id)
         where reply_to_id is not null`,
    ],
  });
  await run(
    db,
    `alter table app.suppressions add constraint suppressions_source_communication_fkey
       foreign key (organization_id, source_communication_id) references app.communications (organization_id, id)`,
    `create index suppressions_source_communication_idx on app.suppressions (organization_id, source_communication_id)`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop index app.suppressions_source_communication_idx`,
    `alter table app.suppressions drop constraint suppressions_source_communication_fkey`,
  );
  await dropTenantTable(db, 'communications', 'communication_templates');
}
