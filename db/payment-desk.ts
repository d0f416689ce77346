import { sql } from 'kysely';

import type { PaymentStatus } from './domain.ts';
import type { Trx } from './tenant.ts';

export interface PaymentLine {
  readonly id: string;
  readonly client: string;
  readonly kind: string;
  /** In the smallest unit of the currency. */
  readonly amount: number;
  readonly amountRefunded: number;
  readonly currency: string;
  readonly status: PaymentStatus;
  readonly dueOn: string | null;
  /** How it is due: so many days from the wedding; null: on its day, or not by a plan. */
  readonly daysFromWedding: number | null;
  readonly invoice: string | null;
}

/** What couples owe and have paid, by due date. @param clientId null: of every couple */
export async function listPayments(
  trx: Trx,
  filter: { clientId: string | null; isOpen: boolean; limit: number },
): Promise<PaymentLine[]> {
  const { rows } = await sql<PaymentLine>`
    select p.id, concat_ws(' & ', nullif(c.partner_1_name, ''), nullif(c.partner_2_name, '')) as client, p.kind, p.amount,
      p.amount_refunded as "amountRefunded", p.currency, p.status, p.due_on::text as "dueOn",
      s.days_from_wedding as "daysFromWedding", i.invoice_number as invoice
    from app.payments p
      join app.clients c on c.id = p.client_id and c.deleted_at is null
      left join app.payment_schedules s on s.payment_id = p.id
      left join app.invoices i on i.id = p.invoice_id
    where (${filter.clientId}::uuid is null or p.client_id = ${filter.clientId})
      and (not ${filter.isOpen} or p.status in ('pending', 'failed'))
    order by p.due_on nulls last, p.created_at limit ${filter.limit}
  `.execute(trx);
  return rows;
}

export interface InvoiceLine {
  readonly number: string;
  readonly client: string;
  readonly status: string;
  readonly totalAmount: number;
  readonly amountPaid: number;
  readonly currency: string;
  readonly dueOn: string | null;
}

/** The organization's invoices, the latest first. */
export async function listInvoices(
  trx: Trx,
  filter: { clientId: string | null; limit: number },
): Promise<InvoiceLine[]> {
  const { rows } = await sql<InvoiceLine>`
    select i.invoice_number as number, i.status, i.total_amount as "totalAmount", i.amount_paid as "amountPaid",
      i.currency, i.due_date::text as "dueOn",
      concat_ws(' & ', nullif(c.partner_1_name, ''), nullif(c.partner_2_name, '')) as client
    from app.invoices i join app.clients c on c.id = i.client_id
    where (${filter.clientId}::uuid is null or i.client_id = ${filter.clientId})
    order by i.issued_at desc nulls first, i.invoice_number desc limit ${filter.limit}
  `.execute(trx);
  return rows;
}

/** How many parts of a plan a couple has; each is a payment. */
export async function countPlanned(trx: Trx, clientId: string): Promise<number> {
  const { rows } = await sql<{ parts: number }>`
    select count(*)::int as parts from app.payment_schedules where client_id = ${clientId}
  `.execute(trx);
  return rows[0]?.parts ?? 0;
}

export interface OpenPart {
  readonly scheduleId: string;
  readonly paymentId: string;
  readonly kind: string;
}

/** The parts of a couple's plan that are not paid yet, by due date; their rows are held. */
export async function openParts(trx: Trx, clientId: string): Promise<OpenPart[]> {
  const { rows } = await sql<OpenPart>`
    select s.id as "scheduleId", s.payment_id as "paymentId", s.kind
    from app.payment_schedules s join app.payments p on p.id = s.payment_id
    where s.client_id = ${clientId} and p.status in ('pending', 'failed')
    order by p.due_on nulls last, s.id for update of s, p
  `.execute(trx);
  return rows;
}

export interface PlannedPart {
  readonly amount: number;
  readonly currency: string;
  readonly dueOn: string | null;
  readonly daysFromWedding: number | null;
}

/** Changes a part of a plan; its payment, which journeys may count from, goes along. */
export async function changePart(trx: Trx, scheduleId: string, part: PlannedPart): Promise<void> {
  await sql`
    update app.payment_schedules set amount = ${part.amount}, currency = ${part.currency}, due_on = ${part.dueOn}::date,
      days_from_wedding = ${part.daysFromWedding}::integer
    where id = ${scheduleId}
  `.execute(trx);
}

/** Takes parts out of a plan: their payments are cancelled. */
export async function cancelParts(trx: Trx, parts: readonly OpenPart[]): Promise<void> {
  const payments = parts.map(({ paymentId }) => paymentId);
  await sql`update app.payments set status = 'cancelled' where id = any(${payments})`.execute(trx);
  await sql`delete from app.payment_schedules where id = any(${parts.map(({ scheduleId }) => scheduleId)})`.execute(
    trx,
  );
}
