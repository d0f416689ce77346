import { invoiceStatus, joinInvoice, type InvoiceLedger } from '../../channels/intake/invoice-state.ts';
import type { InvoiceObservation } from '../../channels/intake/payment-observation.ts';
import { findProviderInvoice, putProviderInvoice } from '../../db/provider-invoices.ts';
import type { Trx } from '../../db/tenant.ts';

/**
 * Joins what is told of an invoice into ours. An invoice that its payment has covered is paid, even where it was paid in
 * another way than the invoice asked: nobody is reminded of what was paid. Answers with its id, or null where it is an invoice we do not have of a
 * client we do not know: then it is not ours to follow.
 *
 * @param paidAmount what its payment has brought in, 0 where that is not known
 */
export async function applyInvoice(
  trx: Trx,
  seen: InvoiceObservation,
  clientId: string | null,
  paidAmount: number,
): Promise<string | null> {
  const known = await findProviderInvoice(trx, { stripeId: seen.id, number: seen.number, clientId });
  if (known === null && clientId === null) return null;
  const ledger = joinInvoice((known?.state ?? null) as InvoiceLedger | null, seen);
  const { latest } = ledger;
  const told = invoiceStatus(ledger);
  const isCovered = told !== 'void' && latest.totalAmount > 0 && paidAmount >= latest.totalAmount;
  const status = isCovered || known?.status === 'paid' ? 'paid' : told;
  return putProviderInvoice(trx, known, clientId, {
    stripeId: latest.id,
    number: latest.number,
    status,
    subtotalAmount: latest.subtotalAmount,
    taxAmount: latest.taxAmount,
    // Overpaid invoices exist; ours says what was owed.
    amountPaid: status === 'paid' ? latest.totalAmount : Math.min(latest.amountPaid, latest.totalAmount),
    currency: latest.currency,
    dueAt: latest.dueAt,
    issuedAt: latest.issuedAt,
    state: ledger,
  });
}
