import { createEventTrigger, dropEventTrigger, type EventTrigger } from '../migrate/event-trigger.ts';
import { run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

const QUEUE: EventTrigger = {
  name: 'queue_client_events',
  table: 'client_events',
  on: {
    insert: `
      insert into app.outbox (organization_id, client_id, event, ref, details, occurred_at)
      select organization_id, client_id,
             case when source = 'system' or name = 'reply' then name else 'event' end,
             coalesce(ref, id::text),
             case when source = 'system' or name = 'reply' then data else data || jsonb_build_object('name', name) end,
             occurred_at
        from new_rows order by id;`,
  },
};

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'outbox',
    id: 'bigint',
    appendOnly: true,
    comment: 'What happened and has still to reach the journeys. Written by triggers in the transaction that did it.',
    columns: `
      client_id uuid,
      event text not null,
      ref text,
      details jsonb not null default '{}',
      dedup_key text,
      occurred_at timestamptz not null default now(),
      available_at timestamptz not null default now(),
      attempts integer not null default 0,
      locked_until timestamptz,
      processed_at timestamptz,
      parked_at timestamptz,
      last_error text,
      constraint outbox_event_check check (event in (
        'client.created', 'client.booked', 'client.status', 'client.cancelled', 'client.deleted', 'wedding_date.set',
        'payment.scheduled', 'payment.due', 'payment.succeeded', 'payment.failed', 'invoice.overdue',
        'form.submitted', 'core_field.changed', 'reply', 'event', 'facts.changed')),
      constraint outbox_details_check check (jsonb_typeof(details) = 'object'),
      constraint outbox_attempts_check check (attempts >= 0)
    `,
    columnComments: {
      client_id:
        'NULL: it concerns every client of the organization. No foreign key: it may be gone when this is read.',
      event: 'A word of the starts list, or facts.changed: plans may look different now.',
      details: 'What match compares; for facts.changed {"what"}.',
      locked_until: 'Leased by a relay until then.',
      parked_at: 'Given up after many attempts: a person has to look.',
    },
    audit: { none: 'a queue: its rows are gone soon after they are processed' },
    retention: '24 hours after processing',
    personalData: false,
    // Only triggers write it (as the owner), only the relay takes from it.
    writes: { api: '', worker: '' },
    also: [
      `create policy relay on app.outbox for all to app_relay using (true) with check (true)`,
      `grant select, update, delete on app.outbox to app_relay`,
      `create unique index outbox_dedup_key on app.outbox (organization_id, dedup_key) where dedup_key is not null`,
      `create index outbox_pending_idx on app.outbox (available_at, id) where processed_at is null and parked_at is null`,
      `create index outbox_client_idx on app.outbox (organization_id, client_id, id)
         where processed_at is null and parked_at is null`,
      `create index outbox_processed_idx on app.outbox (processed_at) where processed_at is not null`,
    ],
  });
  // One place turns what happened to a client into work for the relay.
  await run(db, ...createEventTrigger(QUEUE));
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, ...dropEventTrigger(QUEUE));
  await dropTenantTable(db, 'outbox');
}
