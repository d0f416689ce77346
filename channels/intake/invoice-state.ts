import type { InvoiceObservation } from './payment-observation.ts';

/** What is kept of an invoice's observations: the latest version of its contents, and how far it ever was. */
export type InvoiceLedger = {
  latest: Omit<InvoiceObservation, 'about' | 'state'>;
  states: InvoiceObservation['state'][];
};

const ORDER: readonly InvoiceObservation['state'][] = ['draft', 'sent', 'overdue', 'paid', 'void'];

/** A join like that of payments: order and repetition of the observations do not matter. */
export function joinInvoice(ledger: InvoiceLedger | null, seen: InvoiceObservation): InvoiceLedger {
  const { about: _about, state, ...contents } = seen;
  if (ledger === null) return { latest: contents, states: [state] };
  const latest = isLater(contents, ledger.latest) ? contents : ledger.latest;
  const amountPaid = Math.max(ledger.latest.amountPaid, contents.amountPaid);
  const states = ORDER.filter((one) => one === state || ledger.states.includes(one));
  return { latest: { ...latest, amountPaid }, states };
}

/** The status of our invoice: paid before void before overdue; overdue is what was not paid by its day. */
export function invoiceStatus(
  ledger: InvoiceLedger,
): 'draft' | 'sent' | 'overdue' | 'partially_paid' | 'paid' | 'void' {
  const was = (state: InvoiceObservation['state']): boolean => ledger.states.includes(state);
  if (was('paid') || (ledger.latest.totalAmount > 0 && ledger.latest.amountPaid >= ledger.latest.totalAmount))
    return 'paid';
  if (was('void')) return 'void';
  if (was('overdue')) return 'overdue';
  if (ledger.latest.amountPaid > 0) return 'partially_paid';
  return was('sent') ? 'sent' : 'draft';
}

function isLater(a: InvoiceLedger['latest'], b: InvoiceLedger['latest']): boolean {
  // Within one second any fixed order will do, so long as it does not depend on which came in first.
  return a.at === b.at ? spelling(a) > spelling(b) : a.at > b.at;
}

/** The same text for the same contents: what comes from the database has its keys in another order. */
function spelling(contents: InvoiceLedger['latest']): string {
  return JSON.stringify(Object.entries(contents).sort(([a], [b]) => (a < b ? -1 : 1)));
}
