// Invoices and payments.

import type { ColumnLists } from './column-lists.ts';

const INVOICE_STATUSES = ['draft', 'sent', 'paid', 'partially_paid', 'overdue', 'void'] as const;
export type InvoiceStatus = (typeof INVOICE_STATUSES)[number];

const PAYMENT_STATUSES = ['pending', 'succeeded', 'failed', 'refunded', 'partially_refunded', 'cancelled'] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

export const MONEY_COLUMNS: ColumnLists = {
  'invoices.status': { type: 'InvoiceStatus', values: INVOICE_STATUSES },
  'payments.status': { type: 'PaymentStatus', values: PAYMENT_STATUSES },
  'payment_history.new_status': { type: 'PaymentStatus', values: PAYMENT_STATUSES },
};
