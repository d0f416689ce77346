import type { MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'tasks',
    comment: 'Something a member of the team has to do.',
    columns: `
      client_id uuid,
      execution_id uuid,
      step_execution_id uuid,
      dedup_key text,
      title text not null,
      description text not null default '',
      assignee_id uuid references app.users (id),
      assignee_role text,
      due_at timestamptz,
      status text not null default 'open',
      completed_at timestamptz,
      completed_by uuid references app.users (id),
      constraint tasks_title_check check (length(title) between 1 and 500),
      constraint tasks_status_check check (status in ('open', 'done', 'dismissed')),
      constraint tasks_completed_check check ((status = 'open') = (completed_at is null)),
      foreign key (organization_id, client_id) references app.clients (organization_id, id),
      foreign key (organization_id, execution_id) references app.journey_executions (organization_id, id),
      foreign key (organization_id, step_execution_id) references app.journey_step_executions (organization_id, id),
      unique (organization_id, dedup_key)
    `,
    columnComments: {
      dedup_key: 'The effect that made it: the same effect never makes two tasks.',
      assignee_role: 'Where no person is named: owner, or a role of the team.',
    },
    audit: 'standard',
    retention: 'with the client',
    personalData: true,
    also: [
      `create index tasks_client_idx on app.tasks (organization_id, client_id)`,
      `create index tasks_execution_idx on app.tasks (organization_id, execution_id)`,
      `create index tasks_step_idx on app.tasks (organization_id, step_execution_id)`,
      `create index tasks_open_idx on app.tasks (organization_id, due_at) where status = 'open'`,
      `create index tasks_assignee_idx on app.tasks (assignee_id) where assignee_id is not null`,
      `create index tasks_completed_by_idx on app.tasks (completed_by) where completed_by is not null`,
    ],
  });
  await createTenantTable(db, {
    name: 'notifications',
    comment: 'A message to the team, shown in the application.',
    columns: `
      client_id uuid,
      execution_id uuid,
      dedup_key text,
      kind text not null default 'journey',
      title text not null,
      body text not null default '',
      recipient_id uuid references app.users (id),
      recipient_role text,
      read_at timestamptz,
      constraint notifications_title_check check (length(title) between 1 and 500),
      constraint notifications_kind_check check (kind ~ '^[a-z][a-z0-9_]{0,39}$'),
      foreign key (organization_id, client_id) references app.clients (organization_id, id),
      foreign key (organization_id, execution_id) references app.journey_executions (organization_id, id),
      unique (organization_id, dedup_key)
    `,
    columnComments: { recipient_id: 'One member; NULL with recipient_role NULL: everybody.' },
    audit: { none: 'read and forgotten; what it tells about has its own history' },
    retention: '13 months',
    personalData: true,
    also: [
      `create index notifications_unread_idx on app.notifications (organization_id, created_at desc) where read_at is null`,
      `create index notifications_client_idx on app.notifications (organization_id, client_id)`,
      `create index notifications_execution_idx on app.notifications (organization_id, execution_id)`,
      `create index notifications_recipient_idx on app.notifications (recipient_id) where recipient_id is not null`,
    ],
  });
  await createTenantTable(db, {
    name: 'approvals',
    comment: 'A message shown to the supplier for approval, and the decision.',
    columns: `
      execution_id uuid not null,
      step_key text not null,
      occurrence integer not null default 1,
      decision text,
      requested_at timestamptz not null default now(),
      deadline_at timestamptz,
      decided_at timestamptz,
      decided_by uuid references app.users (id),
      note text not null default '',
      edited_subject text,
      edited_content text,
      constraint approvals_decision_check check (decision in ('approved', 'rejected')),
      constraint approvals_decided_check check ((decision is null) = (decided_at is null)),
      foreign key (organization_id, execution_id) references app.journey_executions (organization_id, id),
      unique (organization_id, execution_id, step_key, occurrence)
    `,
    columnComments: {
      decision: 'NULL: not decided yet.',
      edited_content: 'The words the supplier wants sent instead of the template; NULL: the template.',
    },
    audit: 'standard',
    retention: 'with the client',
    personalData: true,
    also: [
      `create index approvals_open_idx on app.approvals (organization_id, requested_at) where decision is null`,
      `create index approvals_decided_by_idx on app.approvals (decided_by) where decided_by is not null`,
    ],
  });
  await createTenantTable(db, {
    name: 'holds',
    comment: 'A pause: of the whole organization, a journey, a client, an execution, or a channel.',
    columns: `
      scope text not null,
      journey_id uuid,
      client_id uuid,
      execution_id uuid,
      channel text,
      since timestamptz not null default now(),
      until timestamptz,
      reason text not null default '',
      created_by uuid references app.users (id),
      released_at timestamptz,
      released_by uuid references app.users (id),
      late text,
      constraint holds_scope_check check (scope in ('organization', 'journey', 'client', 'execution', 'channel')),
      constraint holds_subject_check check (
        (scope = 'journey') = (journey_id is not null)
        and (scope = 'client') = (client_id is not null)
        and (scope = 'execution') = (execution_id is not null)
        and (scope = 'channel') = (channel is not null)),
      constraint holds_channel_check check (channel in ('email', 'sms', 'whatsapp', 'webhook')),
      constraint holds_until_check check (until > since),
      constraint holds_late_check check (late in ('send', 'skip', 'ask')),
      constraint holds_released_check check (released_at >= since),
      foreign key (organization_id, journey_id) references app.journeys (organization_id, id),
      foreign key (organization_id, client_id) references app.clients (organization_id, id),
      foreign key (organization_id, execution_id) references app.journey_executions (organization_id, id)
    `,
    columnComments: {
      until: 'Ends by itself then; NULL: until it is released.',
      late: 'What becomes of what fell due meanwhile: send (as catching up), skip, or ask. NULL: send.',
    },
    audit: 'standard',
    retention: 'with the client, else with the organization',
    personalData: true,
    also: [
      `create index holds_open_idx on app.holds (organization_id, scope) where released_at is null`,
      `create index holds_journey_idx on app.holds (organization_id, journey_id)`,
      `create index holds_client_idx on app.holds (organization_id, client_id)`,
      `create index holds_execution_idx on app.holds (organization_id, execution_id)`,
      `create index holds_created_by_idx on app.holds (created_by) where created_by is not null`,
      `create index holds_released_by_idx on app.holds (released_by) where released_by is not null`,
    ],
  });
}

export async function down(db: MigrationDatabase): Promise<void> {
  await dropTenantTable(db, 'holds', 'approvals', 'notifications', 'tasks');
}
