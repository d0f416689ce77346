/** Our own records as a provider's object names them. Never trusted alone: the receiving endpoint says whose they are. */
export type PaymentRef = {
  organizationId: string | null;
  clientId: string | null;
  paymentId: string | null;
  /** deposit, balance ... */
  kind: string | null;
  /** The provider's payment, which ties events without our ids to the payment they belong to. */
  intentId: string | null;
  /** The provider's invoice. */
  invoiceId: string | null;
};

export type AttemptStatus = 'pending' | 'failed' | 'cancelled' | 'succeeded';

/** What one message of a provider lets us know of a payment. `at` is the provider's time in unix seconds. */
export type PaymentObservation =
  | {
      about: 'attempt';
      /** One attempt to pay: the provider's payment intent, or the invoice paid outside of one. */
      key: string;
      at: number;
      status: AttemptStatus;
      amount: number;
      currency: string;
      failureCode: string | null;
    }
  | { about: 'refunds'; chargeId: string; at: number; amountRefunded: number }
  | { about: 'failed_refund'; refundId: string; chargeId: string; at: number; amount: number }
  | { about: 'dispute'; disputeId: string; at: number; status: 'open' | 'won' | 'lost'; amount: number };

/** What one message lets us know of an invoice. */
export type InvoiceObservation = {
  about: 'invoice';
  id: string;
  at: number;
  number: string | null;
  state: 'draft' | 'sent' | 'overdue' | 'paid' | 'void';
  subtotalAmount: number;
  taxAmount: number;
  totalAmount: number;
  amountPaid: number;
  currency: string;
  /** End of the day it is due, unix seconds: its day depends on the organization's zone. */
  dueAt: number | null;
  issuedAt: number | null;
};
