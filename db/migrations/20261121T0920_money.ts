import { run, type MigrationDatabase } from '../migrate/statements.ts';
import { createTenantTable, dropTenantTable } from '../migrate/tenant-table.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await createTenantTable(db, {
    name: 'invoices',
    comment: 'An invoice to a couple. Amounts are in the smallest unit of the currency.',
    columns: `
      client_id uuid not null,
      invoice_number text not null,
      subtotal_amount integer not null,
      tax_amount integer not null default 0,
      total_amount integer not null,
      amount_paid integer not null default 0,
      currency text not null default 'GBP',
      status text not null default 'draft',
      issued_at timestamptz,
      due_date date,
      overdue_event_on date,
      paid_at timestamptz,
      constraint invoices_status_check
        check (status in ('draft', 'sent', 'paid', 'partially_paid', 'overdue', 'void')),
      constraint invoices_invoice_number_check check (length(invoice_number) between 1 and 60),
      constraint invoices_total_amount_check check (total_amount = subtotal_amount + tax_amount and subtotal_amount >= 0
        and tax_amount >= 0),
      constraint invoices_amount_paid_check check (amount_paid between 0 and total_amount),
      constraint invoices_currency_check check (currency ~ '^[A-Z]{3}$'),
      foreign key (organization_id, client_id) references app.clients (organization_id, id),
      unique (organization_id, invoice_number)
    `,
    columnComments: {
      overdue_event_on: 'The due date for which invoice.overdue was told: it is told once for each.',
    },
    audit: 'financial',
    retention: '7 years',
    personalData: true,
    also: [
      `create index invoices_client_idx on app.invoices (organization_id, client_id)`,
      `create index invoices_due_idx on app.invoices (organization_id, due_date)
         where status in ('sent', 'partially_paid', 'overdue')`,
    ],
  });
  await createTenantTable(db, {
    name: 'payments',
    comment: 'Money a couple owes or has paid. amount is in the smallest unit of the currency (pence, cents).',
    columns: `
      client_id uuid not null,
      invoice_id uuid,
      kind text not null default 'balance',
      stripe_payment_intent_id text,
      amount integer not null,
      amount_refunded integer not null default 0,
      currency text not null default 'GBP',
      status text not null default 'pending',
      due_on date,
      due_changed_at timestamptz,
      due_event_on date,
      paid_at timestamptz,
      failure_code text,
      metadata jsonb not null default '{}',
      constraint payments_kind_check check (kind ~ '^[a-z][a-z0-9_]{0,39}$'),
      constraint payments_amount_check check (amount > 0),
      constraint payments_amount_refunded_check check (amount_refunded between 0 and amount),
      constraint payments_currency_check check (currency ~ '^[A-Z]{3}$'),
      constraint payments_status_check
        check (status in ('pending', 'succeeded', 'failed', 'refunded', 'partially_refunded', 'cancelled')),
      constraint payments_due_on_check check (due_on between '1990-01-01' and '2199-12-31'),
      constraint payments_metadata_check check (jsonb_typeof(metadata) = 'object'),
      foreign key (organization_id, client_id) references app.clients (organization_id, id),
      foreign key (organization_id, invoice_id) references app.invoices (organization_id, id)
    `,
    columnComments: {
      kind: 'deposit, balance or another word of the supplier; anchors payment_due:<kind> count from it.',
      due_changed_at: 'When due_on last changed. Kept by a trigger.',
      due_event_on: 'The due date for which payment.due was told: it is told once for each.',
      paid_at: 'When it succeeded; filled by a trigger where the writer leaves it out.',
    },
    audit: 'financial',
    retention: '7 years',
    personalData: true,
    also: [
      `create unique index payments_stripe_payment_intent_id_key on app.payments (organization_id, stripe_payment_intent_id)
         where stripe_payment_intent_id is not null`,
      `create index payments_client_idx on app.payments (organization_id, client_id, due_on)`,
      `create index payments_invoice_idx on app.payments (organization_id, invoice_id)`,
      `create index payments_due_idx on app.payments (organization_id, due_on) where status in ('pending', 'failed')`,
      `create function app.prepare_payment() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
       begin
         if new.status = 'succeeded' and new.paid_at is null then new.paid_at := now(); end if;
         if tg_op = 'UPDATE' and new.due_on is distinct from old.due_on
            and new.due_changed_at is not distinct from old.due_changed_at then
           new.due_changed_at := now();
         end if;
         return new;
       end $$`,
      `create trigger prepare_payment before insert or update on app.payments
         for each row execute function app.prepare_payment()`,
    ],
  });
}

export async function down(db: MigrationDatabase): Promise<void> {
  await dropTenantTable(db, 'payments', 'invoices');
  await run(db, `drop function app.prepare_payment()`);
}
