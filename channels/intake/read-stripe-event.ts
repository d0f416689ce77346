import type { z } from 'zod';
import type { InvoiceObservation, PaymentObservation, PaymentRef } from './payment-observation.ts';
import {
  chargeSchema,
  checkoutSessionSchema,
  disputeSchema,
  invoiceSchema,
  paymentIntentSchema,
  refundSchema,
  type StripeEvent,
  stripeEventSchema,
  type StripeMetadata,
} from './stripe-event.ts';

export type StripeReading =
  | {
      kind: 'observed';
      event: StripeEvent;
      ref: PaymentRef;
      observations: (PaymentObservation | InvoiceObservation)[];
    }
  /** A well-formed event which says nothing about a payment of ours. */
  | { kind: 'ignored'; event: StripeEvent; reason: string }
  /** Not what Stripe sends, or a version of it we do not know. */
  | { kind: 'invalid'; reason: string };

/**
 * Reads an event of Stripe into observations. An event is a hint about an object at one moment, may come twice, late or
 * before an earlier one; what it says is therefore joined into a ledger (payment-ledger.ts) and never executed.
 */
export function readStripeEvent(json: unknown): StripeReading {
  const parsed = stripeEventSchema.safeParse(json);
  if (!parsed.success) {
    const thin = typeof json === 'object' && json !== null && 'object' in json && json.object === 'v2.core.event';
    const hint = 'This is a thin event (v2.core.event); choose "snapshot" as the endpoint’s payload style in Stripe.';
    return { kind: 'invalid', reason: thin ? hint : describe(parsed.error) };
  }
  const event = parsed.data;
  const reader = READERS[event.type];
  return reader === undefined
    ? { kind: 'ignored', event, reason: `Events of the type ${event.type} are not about payments we follow.` }
    : reader(event);
}

type Reader = (event: StripeEvent) => StripeReading;

/** Every type that is followed. What is not here is kept and ignored. */
const READERS: Readonly<Record<string, Reader>> = {
  'payment_intent.succeeded': intent('succeeded'),
  'payment_intent.processing': intent('pending'),
  'payment_intent.payment_failed': intent('failed'),
  'payment_intent.canceled': intent('cancelled'),
  'checkout.session.completed': checkout(null),
  'checkout.session.async_payment_succeeded': checkout('succeeded'),
  'checkout.session.async_payment_failed': checkout('failed'),
  'charge.refunded': charge,
  'charge.updated': charge,
  'refund.failed': refundFailed,
  'charge.dispute.created': dispute,
  'charge.dispute.updated': dispute,
  'charge.dispute.closed': dispute,
  'invoice.finalized': invoice('sent'),
  'invoice.sent': invoice('sent'),
  'invoice.updated': invoice(null),
  'invoice.overdue': invoice('overdue'),
  'invoice.paid': invoice('paid'),
  'invoice.payment_succeeded': invoice('paid'),
  'invoice.payment_failed': invoice('sent'),
  'invoice.voided': invoice('void'),
  'invoice.marked_uncollectible': invoice('void'),
};

function intent(status: 'succeeded' | 'pending' | 'failed' | 'cancelled'): Reader {
  return read(paymentIntentSchema, (object, event) => ({
    ref: refOf(object.metadata, { intentId: object.id }),
    observations: [
      {
        about: 'attempt',
        key: object.id,
        at: event.created,
        status,
        amount: status === 'succeeded' ? (object.amount_received ?? object.amount) : object.amount,
        currency: object.currency,
        failureCode:
          status === 'failed'
            ? (object.last_payment_error?.decline_code ?? object.last_payment_error?.code ?? null)
            : null,
      },
    ],
  }));
}

function checkout(outcome: 'succeeded' | 'failed' | null): Reader {
  return read(checkoutSessionSchema, (object, event) => {
    if (object.mode !== 'payment' || !isKnown(object.amount_total) || !isKnown(object.currency)) {
      return 'The checkout was for something else than one payment.';
    }
    // A session without a payment intent was free of charge or paid by a voucher; the session then stands for it.
    const key = object.payment_intent ?? object.id;
    const status = outcome ?? (object.payment_status === 'unpaid' ? 'pending' : 'succeeded');
    const ref = refOf(object.metadata, { intentId: key });
    return {
      ref: { ...ref, paymentId: ref.paymentId ?? object.client_reference_id ?? null },
      observations: [
        {
          about: 'attempt',
          key,
          at: event.created,
          status,
          amount: object.amount_total,
          currency: object.currency,
          failureCode: null,
        },
      ],
    };
  });
}

function charge(event: StripeEvent): StripeReading {
  return read(chargeSchema, (object) => {
    if (!object.paid) return 'The charge was not paid; its payment intent says so too.';
    const key = object.payment_intent ?? object.id;
    const { amount, currency } = object;
    return {
      ref: refOf(object.metadata, { intentId: key }),
      observations: [
        // What was refunded had been paid, even if that news is still on its way.
        { about: 'attempt', key, at: object.created, status: 'succeeded', amount, currency, failureCode: null },
        { about: 'refunds', chargeId: object.id, at: event.created, amountRefunded: object.amount_refunded },
      ],
    };
  })(event);
}

function refundFailed(event: StripeEvent): StripeReading {
  return read(refundSchema, (object) => ({
    ref: refOf(object.metadata, { intentId: object.payment_intent ?? object.charge }),
    observations: [
      {
        about: 'failed_refund',
        refundId: object.id,
        chargeId: object.charge ?? object.payment_intent ?? '',
        at: event.created,
        amount: object.amount,
      },
    ],
  }))(event);
}

function dispute(event: StripeEvent): StripeReading {
  return read(disputeSchema, (object) => ({
    ref: refOf(object.metadata, { intentId: object.payment_intent ?? object.charge }),
    observations: [
      {
        about: 'dispute',
        disputeId: object.id,
        at: event.created,
        status: object.status === 'lost' ? 'lost' : WON.has(object.status) ? 'won' : 'open',
        amount: object.amount,
      },
    ],
  }))(event);
}

/** The money stays: decided for the supplier, taken back, or only asked about. */
const WON: ReadonlySet<string> = new Set(['won', 'warning_closed', 'prevented']);

function invoice(told: InvoiceObservation['state'] | null): Reader {
  return read(invoiceSchema, (object, event) => {
    const ref = refOf(object.metadata, { invoiceId: object.id });
    const state = told ?? STATE_OF[object.status ?? 'draft'] ?? 'draft';
    const taxAmount = object.total - (object.total_excluding_tax ?? object.subtotal);
    const seen: InvoiceObservation = {
      about: 'invoice',
      id: object.id,
      at: event.created,
      number: object.number ?? null,
      state,
      subtotalAmount: object.total - taxAmount,
      taxAmount,
      totalAmount: object.total,
      amountPaid: object.amount_paid,
      currency: object.currency,
      dueAt: object.due_date ?? null,
      issuedAt: object.effective_at ?? null,
    };
    if (state !== 'paid' || object.amount_paid === 0) return { ref, observations: [seen] };
    const { amount_paid: amount, currency } = object;
    const paid = {
      about: 'attempt',
      key: object.id,
      at: event.created,
      status: 'succeeded',
      failureCode: null,
    } as const;
    return { ref, observations: [seen, { ...paid, amount, currency }] };
  });
}

const STATE_OF: Readonly<Record<string, InvoiceObservation['state']>> = {
  open: 'sent',
  paid: 'paid',
  void: 'void',
  uncollectible: 'void',
};

function isKnown<Value>(value: Value | null | undefined): value is Value {
  return value !== null && value !== undefined;
}

type Seen = { ref: PaymentRef; observations: (PaymentObservation | InvoiceObservation)[] };

/** A reader for events whose object has the given schema; a string from `look` is the reason to ignore the event. */
function read<Schema extends z.ZodType>(
  schema: Schema,
  look: (object: z.infer<Schema>, event: StripeEvent) => Seen | string,
): Reader {
  return (event) => {
    const parsed = schema.safeParse(event.data.object);
    if (!parsed.success) return { kind: 'invalid', reason: `${event.type}: ${describe(parsed.error)}` };
    const seen = look(parsed.data, event);
    return typeof seen === 'string' ? { kind: 'ignored', event, reason: seen } : { kind: 'observed', event, ...seen };
  };
}

function refOf(metadata: StripeMetadata, known: Partial<PaymentRef>): PaymentRef {
  return {
    organizationId: metadata?.['organization_id'] ?? null,
    clientId: metadata?.['client_id'] ?? null,
    paymentId: metadata?.['payment_id'] ?? null,
    kind: metadata?.['kind'] ?? null,
    intentId: null,
    invoiceId: null,
    ...known,
  };
}

function describe(error: z.ZodError): string {
  const problems = error.issues.slice(0, 5).map((issue) => `${issue.path.join('.') || 'the event'}: ${issue.message}`);
  return `This is not an event as Stripe describes it. ${problems.join('; ')}`;
}
