import { sql } from 'kysely';

import type { InvoiceStatus } from './domain.ts';
import type { Trx } from './tenant.ts';

export interface KnownInvoice {
  readonly id: string;
  readonly status: InvoiceStatus;
  readonly state: unknown;
}

/** The invoice by the provider's id, or by its number where we wrote it ourselves; its row is held. */
export async function findProviderInvoice(
  trx: Trx,
  invoice: { stripeId: string; number: string | null; clientId: string | null },
): Promise<KnownInvoice | null> {
  const { rows } = await sql<KnownInvoice>`
    select id, status, provider_state as state from app.invoices
     where stripe_invoice_id = ${invoice.stripeId}
        or (stripe_invoice_id is null and invoice_number = ${invoice.number} and client_id::text = ${invoice.clientId})
     order by stripe_invoice_id nulls last limit 1 for update
  `.execute(trx);
  return rows[0] ?? null;
}

export interface InvoiceContents {
  readonly stripeId: string;
  readonly number: string | null;
  readonly status: InvoiceStatus;
  readonly subtotalAmount: number;
  readonly taxAmount: number;
  readonly amountPaid: number;
  readonly currency: string;
  /** Unix seconds of the end of its day. */
  readonly dueAt: number | null;
  readonly issuedAt: number | null;
  readonly state: unknown;
}

/** Writes an invoice as its provider has it. Its day is that of the organization's zone. Answers with its id. */
export async function putProviderInvoice(
  trx: Trx,
  known: KnownInvoice | null,
  clientId: string | null,
  contents: InvoiceContents,
): Promise<string> {
  const number = contents.number ?? contents.stripeId;
  const dueDate = sql`(select (to_timestamp(${contents.dueAt}::double precision) at time zone o.timezone)::date
    from app.organizations o where o.id = app.current_org_id())`;
  const issuedAt = sql`to_timestamp(${contents.issuedAt}::double precision)`;
  const paidAt = sql`case when ${contents.status} = 'paid' then now() end`;
  const total = contents.subtotalAmount + contents.taxAmount;
  const state = JSON.stringify(contents.state);
  if (known !== null) {
    await sql`
      update app.invoices i set stripe_invoice_id = ${contents.stripeId}, status = ${contents.status},
        invoice_number = case when exists (select from app.invoices other where other.invoice_number = ${number}
          and other.id <> i.id) then i.invoice_number else ${number} end,
        subtotal_amount = ${contents.subtotalAmount}, tax_amount = ${contents.taxAmount}, total_amount = ${total},
        amount_paid = ${contents.amountPaid}, currency = ${contents.currency}, due_date = ${dueDate},
        issued_at = coalesce(i.issued_at, ${issuedAt}), paid_at = coalesce(i.paid_at, ${paidAt}),
        provider_state = ${state}::jsonb
      where i.id = ${known.id}
    `.execute(trx);
    return known.id;
  }
  const { rows } = await sql<{ id: string }>`
    insert into app.invoices (client_id, stripe_invoice_id, invoice_number, status, subtotal_amount, tax_amount,
      total_amount, amount_paid, currency, due_date, issued_at, paid_at, provider_state)
    select ${clientId}, ${contents.stripeId},
      case when exists (select from app.invoices other where other.invoice_number = ${number})
        then ${contents.stripeId} else ${number} end,
      ${contents.status}, ${contents.subtotalAmount}, ${contents.taxAmount}, ${total}, ${contents.amountPaid},
      ${contents.currency}, ${dueDate}, ${issuedAt}, ${paidAt}, ${state}::jsonb
    returning id
  `.execute(trx);
  return rows[0]?.id ?? '';
}

export async function tieInvoice(trx: Trx, paymentId: string, invoiceId: string): Promise<void> {
  await sql`
    update app.payments set invoice_id = ${invoiceId} where id = ${paymentId} and invoice_id is distinct from ${invoiceId}
  `.execute(trx);
}
