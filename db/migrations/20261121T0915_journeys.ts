import type { MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

const LONG_LIVED = 'with the organization';

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'journeys',
    comment: "A supplier's automation: its draft, its state, and which published version new couples get.",
    columns: `
      name text not null,
      description text not null default '',
      trigger_event text,
      trigger_events text[] not null default '{}',
      trigger_config jsonb not null default '{}',
      settings jsonb not null default '{}',
      status text not null default 'draft',
      draft jsonb,
      draft_changed_at timestamptz,
      published_version integer,
      is_template boolean not null default false,
      deleted_at timestamptz,
      created_by uuid references app.users (id),
      updated_by uuid references app.users (id),
      constraint journeys_name_check check (length(name) between 1 and 200),
      constraint journeys_status_check check (status in ('draft', 'active', 'paused', 'archived')),
      constraint journeys_trigger_config_check check (jsonb_typeof(trigger_config) in ('object', 'array')),
      constraint journeys_settings_check check (jsonb_typeof(settings) = 'object'),
      constraint journeys_published_version_check check (published_version >= 1),
      constraint journeys_active_published_check check (status <> 'active' or published_version is not null)
    `,
    columnComments: {
      trigger_event: 'The first event the published version starts on; trigger_events has all of them.',
      trigger_config: "The published version's starts, as in its definition.",
      draft: 'The definition being edited; NULL where nothing differs from the published version.',
      published_version: 'The version new couples get.',
    },
    audit: 'standard',
    retention: LONG_LIVED,
    personalData: false,
    writes: { worker: '' },
    also: [
      `create index journeys_status_idx on app.journeys (organization_id, status)`,
      `create index journeys_created_by_idx on app.journeys (created_by) where created_by is not null`,
      `create index journeys_updated_by_idx on app.journeys (updated_by) where updated_by is not null`,
    ],
  });
  await createTenantTable(db, {
    name: 'journey_versions',
    appendOnly: true,
    comment: 'One published definition of a journey. Never changed: executions are pinned to it.',
    columns: `
      journey_id uuid not null,
      version integer not null,
      definition jsonb not null,
      definition_sha256 bytea not null,
      note text not null default '',
      published_at timestamptz not null default now(),
      published_by uuid references app.users (id),
      constraint journey_versions_version_check check (version >= 1),
      constraint journey_versions_definition_check check (jsonb_typeof(definition) = 'object'),
      constraint journey_versions_definition_sha256_check check (length(definition_sha256) = 32),
      foreign key (organization_id, journey_id) references app.journeys (organization_id, id),
      unique (organization_id, journey_id, version)
    `,
    audit: 'standard',
    retention: LONG_LIVED,
    personalData: false,
    writes: { worker: '' },
    also: [
      `create index journey_versions_published_by_idx on app.journey_versions (published_by) where published_by is not null`,
    ],
  });
  await createTenantTable(db, {
    name: 'journey_steps',
    appendOnly: true,
    comment: 'The steps of a published version as rows, for statistics, search and other programs.',
    columns: `
      journey_id uuid not null,
      journey_version_id uuid not null,
      step_key text not null,
      step_type text not null,
      name text not null default '',
      step_config jsonb not null,
      anchor text not null,
      delay_amount integer,
      delay_unit text,
      parent_step_key text,
      branch text,
      stage text,
      closing boolean not null default false,
      sort_order integer not null,
      constraint journey_steps_step_key_check check (step_key ~ '^[a-z][a-z0-9_]{0,39}$'),
      constraint journey_steps_step_type_check check (step_type in (
        'email', 'sms', 'whatsapp', 'notification', 'task', 'delay', 'condition', 'wait_for', 'webhook',
        'update_client')),
      constraint journey_steps_delay_unit_check check (delay_unit in ('minutes', 'hours', 'days', 'weeks', 'months')),
      constraint journey_steps_delay_check check ((delay_amount is null) = (delay_unit is null)),
      constraint journey_steps_branch_check check (branch in ('yes', 'no')),
      constraint journey_steps_parent_check check ((branch is null) = (parent_step_key is null)),
      constraint journey_steps_step_config_check check (jsonb_typeof(step_config) = 'object'),
      foreign key (organization_id, journey_id) references app.journeys (organization_id, id),
      foreign key (organization_id, journey_version_id) references app.journey_versions (organization_id, id),
      unique (organization_id, journey_version_id, step_key),
      constraint journey_steps_order_key
        unique nulls not distinct (organization_id, journey_version_id, closing, parent_step_key, branch, sort_order)
    `,
    columnComments: {
      step_key: 'Stable across versions: joins statistics, comparisons and migrations.',
      anchor: 'What the time counts from: wedding_date, previous_step, step:<key>, payment_due:<kind> ...',
      branch: 'The arm of parent_step_key on which this step stands.',
      closing: 'Whether it belongs to what runs after a stop.',
      sort_order: 'Place in the list, from 0.',
    },
    audit: { none: 'derived from journey_versions when it is published, never changed' },
    retention: LONG_LIVED,
    personalData: false,
    writes: { worker: '' },
    also: [`create index journey_steps_journey_idx on app.journey_steps (organization_id, journey_id, step_key)`],
  });
  await createExecutions(db);
}

async function createExecutions(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'journey_executions',
    comment: 'One client going through one version of a journey.',
    columns: `
      journey_id uuid not null,
      journey_version_id uuid not null,
      client_id uuid not null,
      generation integer not null default 1,
      workflow_id text not null generated always as ('journey/' || organization_id::text || '/' || id::text) stored,
      run_id text,
      status text not null default 'pending',
      trigger_event text not null,
      trigger_ref text,
      trigger_key text,
      trigger_at timestamptz not null default now(),
      trigger_details jsonb not null default '{}',
      started_at timestamptz not null default now(),
      stopped_at timestamptz,
      stop_reason text,
      ended_stages jsonb not null default '[]',
      paused_at timestamptz,
      completed_at timestamptz,
      current_step_key text,
      next_action_at timestamptz,
      next_action text,
      blocked boolean not null default false,
      planned_at timestamptz,
      steps_total integer not null default 0,
      steps_completed integer not null default 0,
      context jsonb not null default '{}',
      error_code text,
      error_message text,
      constraint journey_executions_workflow_id_key unique (workflow_id),
      constraint journey_executions_status_check
        check (status in ('pending', 'active', 'paused', 'completed', 'stopped', 'failed', 'cancelled')),
      constraint journey_executions_generation_check check (generation >= 1),
      constraint journey_executions_completed_check
        check ((status in ('completed', 'stopped', 'failed', 'cancelled')) = (completed_at is not null)),
      constraint journey_executions_ended_stages_check check (jsonb_typeof(ended_stages) = 'array'),
      constraint journey_executions_trigger_details_check check (jsonb_typeof(trigger_details) = 'object'),
      constraint journey_executions_context_check check (jsonb_typeof(context) = 'object'),
      foreign key (organization_id, journey_id) references app.journeys (organization_id, id),
      foreign key (organization_id, journey_version_id) references app.journey_versions (organization_id, id),
      foreign key (organization_id, client_id) references app.clients (organization_id, id),
      constraint journey_executions_generation_key unique (organization_id, journey_id, client_id, generation),
      constraint journey_executions_trigger_key unique (organization_id, journey_id, client_id, trigger_key)
    `,
    columnComments: {
      generation: 'How often this client has been put on this journey; a restart makes the next one.',
      trigger_ref: 'The row that set it off, such as the payment; an anchor payment_due without a kind means it.',
      trigger_key: 'The occurrence that set it off: the same one never makes two executions.',
      stopped_at: 'Nothing is sent from then on; closing steps may still run until completed_at.',
      ended_stages: 'Stages ended by a stop: [{"stage", "at"}].',
      next_action: 'What happens at next_action_at, in words: for lists and for finding what is overdue.',
      blocked: 'Whether it waits for a person: an approval, an answer, an unknown outcome.',
      planned_at: 'When the plan was last computed.',
      context: 'Technical notes of the worker; nothing about the couple.',
    },
    audit: { none: 'journey_step_executions and activities are its history; it changes with every step' },
    retention: 'with the client',
    personalData: true,
    also: [
      // Every new plan changes next_action_at: it is in no index, and room in the page keeps the new row beside the old.
      `alter table app.journey_executions set (fillfactor = 85)`,
      `create index journey_executions_client_idx on app.journey_executions (organization_id, client_id, started_at desc)`,
      `create index journey_executions_version_idx on app.journey_executions (organization_id, journey_version_id)`,
      `create index journey_executions_running_idx on app.journey_executions (organization_id, journey_id)
         where status in ('pending', 'active', 'paused')`,
    ],
  });
  await createTenantTable(db, {
    name: 'journey_step_executions',
    comment: 'One occurrence of one step in an execution, planned or done: the ledger of the planner.',
    columns: `
      execution_id uuid not null,
      step_key text not null,
      occurrence integer not null default 1,
      step_type text not null,
      state text not null default 'planned',
      status text not null generated always as (
        case
          when state = 'done' then 'completed'
          when state = 'failed' then 'failed'
          when state in ('skipped', 'not_taken') then 'skipped'
          when state = 'unknown' then 'unknown'
          when started_at is not null then 'running'
          else 'pending'
        end) stored,
      due_at timestamptz,
      planned_at timestamptz,
      scheduled_for timestamptz,
      local_time text,
      time_zone text,
      depends_on text,
      started_at timestamptz,
      ended_at timestamptz,
      outcome text,
      reason jsonb,
      attempts integer not null default 0,
      next_attempt_at timestamptz,
      result jsonb,
      error_code text,
      error_message text,
      duration_ms integer,
      constraint journey_step_executions_step_key_check check (step_key ~ '^[a-z][a-z0-9_]{0,39}$'),
      constraint journey_step_executions_occurrence_check check (occurrence >= 1),
      constraint journey_step_executions_state_check check (state in (
        'planned', 'waiting', 'held', 'will_skip', 'done', 'skipped', 'failed', 'unknown', 'not_taken')),
      constraint journey_step_executions_step_type_check check (step_type in (
        'email', 'sms', 'whatsapp', 'notification', 'task', 'delay', 'condition', 'wait_for', 'webhook',
        'update_client')),
      constraint journey_step_executions_attempts_check check (attempts >= 0),
      foreign key (organization_id, execution_id) references app.journey_executions (organization_id, id),
      unique (organization_id, execution_id, step_key, occurrence)
    `,
    columnComments: {
      state: "The planner's word.",
      status: 'The same in the words of other programs, derived from state.',
      due_at: 'What the rules say; with planned_at it decides whether the step is past.',
      planned_at: 'When due_at became what it is.',
      scheduled_for: 'When it will really go: due_at, or later by approval, cap, window, retry.',
      local_time: 'due_at as wall time in time_zone, YYYY-MM-DDTHH:MM.',
      outcome: 'Of a condition or wait: the arm taken.',
      reason: 'Why: {"code", facts}. The sentence is made from it when shown.',
      next_attempt_at: 'A step that was not accepted is tried again then.',
    },
    audit: { none: 'is a log itself' },
    retention: 'with the client',
    personalData: true,
    also: [
      `alter table app.journey_step_executions set (fillfactor = 85)`,
      `create index journey_step_executions_open_idx on app.journey_step_executions (organization_id, scheduled_for)
         where ended_at is null`,
    ],
  });
}

export async function down(db: MigrationDatabase): Promise<void> {
  await dropTenantTable(
    db,
    'journey_step_executions',
    'journey_executions',
    'journey_steps',
    'journey_versions',
    'journeys',
  );
}
