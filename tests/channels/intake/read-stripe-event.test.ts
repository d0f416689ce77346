import { describe, expect, test } from 'vitest';
import { invoiceStatus, joinInvoice, type InvoiceLedger } from '../../../channels/intake/invoice-state.ts';
import type { InvoiceObservation } from '../../../channels/intake/payment-observation.ts';
import { readStripeEvent } from '../../../channels/intake/read-stripe-event.ts';
import { STRIPE_FIXTURES, stripeEvent } from './stripe-fixtures.ts';

const OURS = {
  organizationId: '0d2f8d9e-8f5b-4a6a-9a43-7f0b5f9a1c02',
  clientId: 'a1b4f1f0-2c1d-4e9a-8a52-6f7f1c8d9e01',
  paymentId: 'b7e1c0d4-53c9-4f0e-a7f6-9d1e2a3b4c5d',
};

function observed(...given: Parameters<typeof stripeEvent>) {
  const reading = readStripeEvent(stripeEvent(...given));
  if (reading.kind !== 'observed') throw new Error(`${reading.kind}: ${reading.reason}`);
  return reading;
}

describe('an event of Stripe', () => {
  test('about a paid checkout is a success of its payment intent', () => {
    const { ref, observations } = observed('checkout.session.completed');
    expect(ref).toEqual({ ...OURS, kind: 'deposit', intentId: 'pi_3TestDeposit0001', invoiceId: null });
    expect(observations).toEqual([
      {
        about: 'attempt',
        key: 'pi_3TestDeposit0001',
        at: 1_795_545_831,
        status: 'succeeded',
        amount: 30_000,
        currency: 'GBP',
        failureCode: null,
      },
    ]);
  });

  test('about a checkout by bank transfer is pending until the money has come', () => {
    expect(observed('checkout.session.completed', {}, { payment_status: 'unpaid' }).observations).toMatchObject([
      { status: 'pending' },
    ]);
    const later = { type: 'checkout.session.async_payment_succeeded' };
    expect(observed('checkout.session.completed', later).observations).toMatchObject([{ status: 'succeeded' }]);
    const never = { type: 'checkout.session.async_payment_failed' };
    expect(observed('checkout.session.completed', never).observations).toMatchObject([{ status: 'failed' }]);
  });

  test('about a payment intent says how it stands, and the bank’s reason', () => {
    expect(observed('payment_intent.succeeded').observations).toMatchObject([{ status: 'succeeded', amount: 145_000 }]);
    expect(observed('payment_intent.payment_failed').observations).toMatchObject([
      { key: 'pi_3TestBalance0002', status: 'failed', failureCode: 'insufficient_funds' },
    ]);
    const cancelled = { type: 'payment_intent.canceled' };
    expect(observed('payment_intent.payment_failed', cancelled).observations).toMatchObject([
      { status: 'cancelled', failureCode: null },
    ]);
  });

  test('about a refund says that it was paid before, and how much has gone back in all', () => {
    expect(observed('charge.refunded').observations).toEqual([
      expect.objectContaining({ about: 'attempt', key: 'pi_3TestBalance0001', status: 'succeeded', at: 1_808_991_001 }),
      { about: 'refunds', chargeId: 'ch_3TestBalance0001', at: 1_813_583_120, amountRefunded: 50_000 },
    ]);
  });

  test('may give an object where it gives an id elsewhere', () => {
    const expanded = observed(
      'charge.refunded',
      {},
      { payment_intent: { id: 'pi_expanded', object: 'payment_intent' } },
    );
    expect(expanded.ref.intentId).toBe('pi_expanded');
  });

  test('about a dispute names the payment intent by which the payment is found', () => {
    const object = { object: 'dispute', id: 'dp_1', amount: 145_000, status: 'needs_response', metadata: {} };
    const reading = observed('charge.refunded', { type: 'charge.dispute.created' }, object);
    expect(reading.ref).toMatchObject({ intentId: 'pi_3TestBalance0001', paymentId: null });
    expect(reading.observations).toMatchObject([{ about: 'dispute', status: 'open' }]);
    const status = (word: string) =>
      observed('charge.refunded', { type: 'charge.dispute.closed' }, { ...object, status: word }).observations;
    expect(status('lost')).toMatchObject([{ status: 'lost' }]);
    expect(status('won')).toMatchObject([{ status: 'won' }]);
    expect(status('warning_closed')).toMatchObject([{ status: 'won' }]);
  });

  test('about an overdue invoice keeps its number, its sums and the end of its day', () => {
    expect(observed('invoice.overdue').observations).toEqual([
      {
        about: 'invoice',
        id: 'in_1TestBalance0003',
        at: 1_809_212_412,
        number: 'AF-2027-0142',
        state: 'overdue',
        subtotalAmount: 145_000,
        taxAmount: 0,
        totalAmount: 145_000,
        amountPaid: 0,
        currency: 'GBP',
        dueAt: 1_809_212_399,
        issuedAt: 1_806_566_700,
      },
    ]);
  });

  test('about a paid invoice is a payment too, also where it was paid outside of Stripe', () => {
    const paid = observed('invoice.overdue', { type: 'invoice.paid' }, { status: 'paid', amount_paid: 145_000 });
    expect(paid.observations).toMatchObject([
      { about: 'invoice', state: 'paid', amountPaid: 145_000 },
      { about: 'attempt', key: 'in_1TestBalance0003', status: 'succeeded', amount: 145_000 },
    ]);
  });

  test('that is not about payments is ignored with the reason, not refused', () => {
    expect(readStripeEvent(stripeEvent('charge.refunded', { type: 'customer.created' }))).toMatchObject({
      kind: 'ignored',
      reason: expect.stringContaining('customer.created'),
    });
    expect(readStripeEvent(stripeEvent('checkout.session.completed', {}, { mode: 'subscription' }))).toMatchObject({
      kind: 'ignored',
    });
  });

  const thin = { id: 'evt_1', object: 'v2.core.event', type: 'v1.x', created: '2026-11-20T10:00:00Z' };
  test.each<[string, unknown, string]>([
    ['nothing', null, 'not an event'],
    ['a list', [], 'not an event'],
    ['an id of something else', stripeEvent('invoice.overdue', { id: 'in_1' }), 'id'],
    ['an amount with pence as a fraction', stripeEvent('payment_intent.succeeded', {}, { amount: 1450.5 }), 'amount'],
    ['a negative amount', stripeEvent('payment_intent.succeeded', {}, { amount: -1 }), 'amount'],
    ['a currency that is none', stripeEvent('payment_intent.succeeded', {}, { currency: 'pounds' }), 'currency'],
    ['an object of another kind', stripeEvent('payment_intent.succeeded', {}, { object: 'charge' }), 'object'],
    ['a thin event', thin, 'snapshot'],
  ])('that holds %s is invalid, and says where', (_name, json, reason) => {
    expect(readStripeEvent(json)).toMatchObject({ kind: 'invalid', reason: expect.stringContaining(reason) });
  });

  test('of every kind that we have a fixture of is read', () => {
    for (const name of STRIPE_FIXTURES) expect(observed(name).observations).not.toHaveLength(0);
  });
});

describe('an invoice', () => {
  const seen = (state: InvoiceObservation['state'], at: number, amountPaid = 0): InvoiceObservation => ({
    about: 'invoice',
    id: 'in_1',
    at,
    number: 'AF-1',
    state,
    subtotalAmount: 1000,
    taxAmount: 0,
    totalAmount: 1000,
    amountPaid,
    currency: 'GBP',
    dueAt: at,
    issuedAt: null,
  });
  const after = (...all: InvoiceObservation[]): InvoiceLedger => {
    const [first, ...rest] = all;
    if (first === undefined) throw new Error('no observation');
    return rest.reduce((ledger, one) => joinInvoice(ledger, one), joinInvoice(null, first));
  };

  test('that was paid is not overdue, however late the news of either comes', () => {
    const [sent, overdue, paid] = [seen('sent', 1), seen('overdue', 2), seen('paid', 3, 1000)];
    for (const order of [
      [sent, overdue, paid],
      [paid, overdue, sent],
      [overdue, paid, sent, overdue],
    ]) {
      expect(invoiceStatus(after(...order))).toBe('paid');
      expect(after(...order)).toEqual(after(sent, overdue, paid));
    }
  });

  test('keeps the contents of its latest version', () => {
    expect(after(seen('sent', 5), seen('sent', 3)).latest.dueAt).toBe(5);
    expect(after(seen('sent', 3), seen('sent', 5)).latest.dueAt).toBe(5);
  });

  test('goes from draft to sent, to paid in part, and a voided one asks for nothing', () => {
    expect(invoiceStatus(after(seen('draft', 1)))).toBe('draft');
    expect(invoiceStatus(after(seen('draft', 1), seen('sent', 2)))).toBe('sent');
    expect(invoiceStatus(after(seen('sent', 2), seen('sent', 3, 400)))).toBe('partially_paid');
    expect(invoiceStatus(after(seen('overdue', 2), seen('void', 3)))).toBe('void');
  });
});
