import { sql } from 'kysely';
import { z } from 'zod';

import type { Trx } from '../../db/tenant.ts';

const amount = z.int('is a whole number of the smallest unit (pence, cents)').max(2_000_000_000);

const newInvoiceSchema = z.strictObject({
  clientId: z.uuid(),
  subtotalAmount: amount.min(0),
  taxAmount: amount.min(0).default(0),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'is three capital letters such as GBP')
    .default('GBP'),
  dueOn: z.iso.date().optional(),
  /** The payment that it asks for: once that has succeeded, the invoice is paid. */
  paymentId: z.uuid().optional(),
});

export type InvoiceIssue =
  | { ok: true; invoiceId: string; number: string }
  | { ok: false; problems: { path: string; message: string }[] };

/**
 * Issues an invoice under the organization's next number of the year. Numbers have no gaps: one whose transaction is
 * taken back is given to the next, which waits for it.
 *
 * @param now decides the year, by the organization's own calendar
 */
export async function issueInvoice(trx: Trx, input: unknown, now: Date): Promise<InvoiceIssue> {
  const parsed = newInvoiceSchema.safeParse(input);
  if (!parsed.success) {
    return { ok: false, problems: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })) };
  }
  const { clientId, subtotalAmount, taxAmount, currency, dueOn = null, paymentId = null } = parsed.data;
  const total = subtotalAmount + taxAmount;
  if (paymentId !== null && !(await hasPayment(trx, clientId, paymentId))) {
    return { ok: false, problems: [{ path: 'paymentId', message: 'The couple has no such payment.' }] };
  }
  const { rows } = await sql<{ id: string; number: string }>`
    insert into app.invoices (client_id, status, subtotal_amount, tax_amount, total_amount, currency, due_date, issued_at)
    select c.id, 'sent', ${subtotalAmount}, ${taxAmount}, ${total}, ${currency}, ${dueOn}::date, ${now}
    from app.clients c
    where c.id = ${clientId} and c.deleted_at is null
    returning id, invoice_number as number
  `.execute(trx);
  const [invoice] = rows;
  if (invoice === undefined)
    return { ok: false, problems: [{ path: 'clientId', message: 'There is no such couple.' }] };
  if (paymentId !== null) {
    await sql`update app.payments set invoice_id = ${invoice.id} where id = ${paymentId}`.execute(trx);
  }
  return { ok: true, invoiceId: invoice.id, number: invoice.number };
}

async function hasPayment(trx: Trx, clientId: string, paymentId: string): Promise<boolean> {
  const { rows } = await sql`
    select from app.payments where id = ${paymentId} and client_id = ${clientId} for update
  `.execute(trx);
  return rows.length > 0;
}
