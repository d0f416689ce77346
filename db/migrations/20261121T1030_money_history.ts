import { run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'payment_history',
    id: 'bigint',
    appendOnly: true,
    comment: 'Every change of the status of a payment, written by a trigger.',
    columns: `
      payment_id uuid not null,
      previous_status text,
      new_status text not null,
      stripe_event_id text,
      webhook_event_id uuid,
      actor text not null default '',
      occurred_at timestamptz not null default now(),
      constraint payment_history_new_status_check check (new_status in
        ('pending', 'succeeded', 'failed', 'refunded', 'partially_refunded', 'cancelled')),
      foreign key (organization_id, payment_id) references app.payments (organization_id, id),
      unique (organization_id, payment_id, stripe_event_id)
    `,
    columnComments: {
      stripe_event_id: 'What brought the change, where Stripe did: set app.stripe_event_id in the transaction.',
      webhook_event_id: 'The row of webhook_events; no foreign key: that log is kept for a shorter time.',
    },
    audit: { none: 'append-only: the rows are the history' },
    retention: '7 years',
    personalData: true,
    writes: { api: '', worker: '' },
    also: [
      `create index payment_history_payment_idx on app.payment_history (organization_id, payment_id, occurred_at)`,
      `create function app.keep_payment_history() returns trigger language plpgsql security definer
         set search_path = pg_catalog, pg_temp as $$
       begin
         insert into app.payment_history (organization_id, payment_id, previous_status, new_status, stripe_event_id, actor)
         values (new.organization_id, new.id, case when tg_op = 'UPDATE' then old.status end, new.status,
           nullif(current_setting('app.stripe_event_id', true), ''),
           coalesce(nullif(current_setting('app.actor', true), ''), session_user))
         on conflict (organization_id, payment_id, stripe_event_id) do nothing;
         return null;
       end $$`,
      `revoke all on function app.keep_payment_history() from public`,
      `create trigger keep_payment_history_insert after insert on app.payments
         for each row execute function app.keep_payment_history()`,
      `create trigger keep_payment_history_update after update of status on app.payments
         for each row when (old.status is distinct from new.status) execute function app.keep_payment_history()`,
    ],
  });
  await createTenantTable(db, {
    name: 'payment_schedules',
    comment: 'An instalment a couple is to pay, before it is a payment: on a date, or so many days from the wedding.',
    columns: `
      client_id uuid not null,
      kind text not null,
      amount integer not null,
      currency text not null default 'GBP',
      due_on date,
      days_from_wedding integer,
      payment_id uuid,
      constraint payment_schedules_kind_check check (kind ~ '^[a-z][a-z0-9_]{0,39}$'),
      constraint payment_schedules_amount_check check (amount > 0),
      constraint payment_schedules_currency_check check (currency ~ '^[A-Z]{3}$'),
      constraint payment_schedules_due_check check ((due_on is null) <> (days_from_wedding is null)),
      foreign key (organization_id, client_id) references app.clients (organization_id, id),
      foreign key (organization_id, payment_id) references app.payments (organization_id, id)
    `,
    columnComments: {
      days_from_wedding: 'Negative: before it. The payment follows when the date moves.',
      payment_id: 'The payment that was made of it.',
    },
    audit: 'financial',
    retention: '7 years',
    personalData: true,
    also: [
      `create index payment_schedules_client_idx on app.payment_schedules (organization_id, client_id)`,
      `create index payment_schedules_payment_idx on app.payment_schedules (organization_id, payment_id)`,
    ],
  });
  await createTenantTable(db, {
    name: 'invoice_counters',
    id: 'none',
    comment: 'The last invoice number of an organization in a year: numbers without gaps, which tell no other volume.',
    columns: `
      year integer not null,
      last_number integer not null default 0,
      primary key (organization_id, year),
      constraint invoice_counters_last_number_check check (last_number >= 0)
    `,
    audit: { none: 'a counter; the invoices are audited' },
    retention: '7 years',
    personalData: false,
    writes: { api: 'insert, update', worker: 'insert, update' },
    also: [
      `create function app.next_invoice_number(for_year integer) returns text language sql
         set search_path = pg_catalog, pg_temp
         begin atomic
           insert into app.invoice_counters as c (organization_id, year, last_number)
           values (app.current_org_id(), for_year, 1)
           on conflict (organization_id, year) do update set last_number = c.last_number + 1
           returning year || '-' || lpad(last_number::text, 4, '0');
         end`,
      `comment on function app.next_invoice_number(integer) is
         'The next number of the current organization, such as 2027-0012; given back if the transaction is.'`,
      `revoke all on function app.next_invoice_number(integer) from public`,
      `grant execute on function app.next_invoice_number(integer) to app_api, app_worker`,
    ],
  });
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `drop function app.next_invoice_number(integer)`,
    `drop trigger keep_payment_history_update on app.payments`,
    `drop trigger keep_payment_history_insert on app.payments`,
    `drop function app.keep_payment_history()`,
  );
  await dropTenantTable(db, 'invoice_counters', 'payment_schedules', 'payment_history');
}
