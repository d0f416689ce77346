import { createEventTrigger, dropEventTrigger, type EventTrigger } from '../migrate/event-trigger.ts';
import { run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

const EVENTS = [
  'client.created',
  'client.booked',
  'client.status',
  'client.cancelled',
  'client.deleted',
  'wedding_date.set',
  'payment.scheduled',
  'payment.due',
  'payment.succeeded',
  'payment.failed',
  'invoice.overdue',
  'form.submitted',
  'core_field.changed',
  'reply',
  'event',
  'facts.changed',
];

/** Its executions are started by a workflow, which the relay starts: the row sets it off, as with everything else. */
const START: EventTrigger = {
  name: 'queue_enrolment_batches',
  table: 'enrolment_batches',
  on: {
    insert: `
      insert into app.outbox (organization_id, event, ref)
      select organization_id, 'enrolment.requested', id::text from new_rows order by id;`,
  },
};

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'enrolment_batches',
    comment: 'Many couples put on a journey at once, and how many of them have begun.',
    columns: `
      journey_id uuid not null,
      status text not null default 'open',
      total integer not null,
      started integer not null default 0,
      cursor uuid,
      requested_by text not null,
      completed_at timestamptz,
      constraint enrolment_batches_status_check check (status in ('open', 'done')),
      constraint enrolment_batches_counts_check check (started between 0 and total),
      constraint enrolment_batches_completed_check check ((status = 'done') = (completed_at is not null)),
      foreign key (organization_id, journey_id) references app.journeys (organization_id, id)
    `,
    columnComments: {
      total: 'Executions that were made; each belongs to one couple.',
      cursor: 'The last execution whose workflow was started: after a crash the rest goes on behind it.',
    },
    audit: { none: 'app.activities says who put how many couples on which journey' },
    retention: 'with the organization',
    personalData: false,
    also: [
      `create index enrolment_batches_open_idx on app.enrolment_batches (organization_id, created_at)
         where status = 'open'`,
      `create index enrolment_batches_journey_idx on app.enrolment_batches (organization_id, journey_id)`,
    ],
  });
  await run(
    db,
    `alter table app.outbox drop constraint outbox_event_check`,
    `alter table app.outbox add constraint outbox_event_check
       check (event in (${[...EVENTS, 'enrolment.requested'].map((event) => `'${event}'`).join(', ')})) not valid`,
    `alter table app.outbox validate constraint outbox_event_check`,
    ...createEventTrigger(START),
    `alter table app.journey_executions add column batch_id uuid`,
    `comment on column app.journey_executions.batch_id is
       'The batch that put the couple on the journey; NULL: an event or a person did.'`,
    `alter table app.journey_executions add constraint journey_executions_batch_fkey
       foreign key (organization_id, batch_id) references app.enrolment_batches (organization_id, id) not valid`,
    `alter table app.journey_executions validate constraint journey_executions_batch_fkey`,
    `create index journey_executions_batch_idx on app.journey_executions (organization_id, batch_id, id)
       where batch_id is not null`,
    // What it did is done by the workflow of a batch.
    `drop function app.wake_executions(uuid[], integer)`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create function app.wake_executions(execution_ids uuid[], per_second integer) returns integer
       language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
     declare
       woken integer;
     begin
       insert into app.outbox (organization_id, client_id, event, ref, details, available_at)
       select e.organization_id, e.client_id, 'facts.changed', e.id::text,
              jsonb_build_object('what', 'bulk', 'executionId', e.id),
              now() + (ids.place - 1) * interval '1 second' / greatest(1, per_second)
         from unnest(execution_ids) with ordinality as ids (id, place)
         join app.journey_executions e on e.id = ids.id
        where e.organization_id = app.current_org_id()
        order by ids.place;
       get diagnostics woken = row_count;
       return woken;
     end $$`,
    `comment on function app.wake_executions(uuid[], integer) is
       'The same for many, so many a second from now on, behind everything that happens meanwhile.'`,
    `revoke all on function app.wake_executions(uuid[], integer) from public`,
    `grant execute on function app.wake_executions(uuid[], integer) to app_api, app_worker`,
    `alter table app.journey_executions drop column batch_id`,
    ...dropEventTrigger(START),
    `delete from app.outbox where event = 'enrolment.requested'`,
    `alter table app.outbox drop constraint outbox_event_check`,
    `alter table app.outbox add constraint outbox_event_check
       check (event in (${EVENTS.map((event) => `'${event}'`).join(', ')})) not valid`,
    `alter table app.outbox validate constraint outbox_event_check`,
  );
  await dropTenantTable(db, 'enrolment_batches');
}
