import {
  joinObservation,
  paymentLedgerSchema,
  paymentState,
  type PaymentState,
} from '../../channels/intake/payment-ledger.ts';
import type { InvoiceObservation, PaymentObservation, PaymentRef } from '../../channels/intake/payment-observation.ts';
import { readStripeEvent } from '../../channels/intake/read-stripe-event.ts';
import { wakeInboundEvents, type EventEnd, type OpenEvent } from '../../db/inbound.ts';
import type { PaymentStatus } from '../../db/domain.ts';
import {
  addProviderPayment,
  changePayment,
  findProviderPayment,
  linkPayment,
  lockClient,
  tellPaymentEvent,
  type KnownPayment,
} from '../../db/provider-payments.ts';
import { tieInvoice } from '../../db/provider-invoices.ts';
import type { Trx } from '../../db/tenant.ts';
import { applyInvoice } from './apply-invoice.ts';
import { UUID } from '../../db/uuid.ts';

/**
 * Brings one event of Stripe's into our rows. What it says is joined into what was said before, and the rows are set to
 * what all of it amounts to: the order of events, repetitions and delays make no difference.
 *
 * @param organizationId the tenant, as the receiving address knows it; an event that names another one is not applied
 */
export async function applyStripeEvent(trx: Trx, event: OpenEvent, organizationId: string): Promise<EventEnd> {
  const reading = readStripeEvent(event.payload);
  if (reading.kind === 'invalid') return { kind: 'failed', reason: reading.reason };
  const { livemode, account } = reading.event;
  if (livemode !== event.isLive) {
    const [is, at] = livemode ? ['A live', 'a test'] : ['A test', 'a live'];
    return { kind: 'ignored', reason: `${is} event at ${at} address: it changes nothing.` };
  }
  if (event.accountRef !== null && typeof account === 'string' && account !== event.accountRef) {
    return { kind: 'failed', reason: `The event is of another Stripe account (${account}).` };
  }
  if (reading.kind === 'ignored') return { kind: 'ignored', reason: reading.reason };
  const { ref, observations } = reading;
  if (ref.organizationId !== null && ref.organizationId !== organizationId) {
    return { kind: 'failed', reason: 'The event names another organization in its metadata.' };
  }
  const clientId = ref.clientId !== null && UUID.test(ref.clientId) ? ref.clientId : null;
  const isOurs = clientId !== null && (await lockClient(trx, clientId));
  const known: PaymentRef = { ...ref, clientId: isOurs ? clientId : null };
  const news = { trx, ref: known, eventId: reading.event.id };

  return applyNews(news, observations);
}

interface News {
  readonly trx: Trx;
  readonly ref: PaymentRef;
  readonly eventId: string;
}

async function applyNews(
  news: News,
  observations: readonly (PaymentObservation | InvoiceObservation)[],
): Promise<EventEnd> {
  const { trx, ref } = news;
  const seen = observations.filter((one) => one.about !== 'invoice');
  const keys = keysOf(ref, seen);
  const attempt = seen.find((one) => one.about === 'attempt');
  const found = await findProviderPayment(trx, {
    keys,
    paymentId: ref.paymentId,
    clientId: ref.clientId,
    kind: ref.kind,
    amount: attempt?.amount ?? null,
  });
  for (const one of observations) {
    if (one.about !== 'invoice') continue;
    const invoiceId = await applyInvoice(trx, one, ref.clientId, found !== null && isPaid(found) ? found.amount : 0);
    if (found !== null && invoiceId !== null) await tieInvoice(trx, found.id, invoiceId);
  }
  if (seen.length === 0) return { kind: 'processed' };

  const payment = found ?? (await made(news, attempt));
  if (payment === null) {
    const waitingFor = ref.intentId ?? keys[0];
    const reason = `No payment is known for ${waitingFor ?? 'this event'}, and it names no couple. It waits until one is.`;
    return { kind: 'failed', reason, waitingFor };
  }
  await linkPayment(trx, payment.id, keys);
  await settle(news, payment, seen);
  // What overtook this event had nothing to hold on to; now it has.
  await wakeInboundEvents(trx, keys);
  return { kind: 'processed' };
}

/** A payment we did not ask for, of a couple that we know. */
async function made(
  { trx, ref }: News,
  attempt: Extract<PaymentObservation, { about: 'attempt' }> | undefined,
): Promise<KnownPayment | null> {
  if (ref.clientId === null || attempt === undefined || attempt.amount === 0) return null;
  const kind = KIND.test(ref.kind ?? '') ? (ref.kind ?? 'other') : 'other';
  return addProviderPayment(trx, { clientId: ref.clientId, kind, amount: attempt.amount, currency: attempt.currency });
}

const KIND = /^[a-z][a-z0-9_]{0,39}$/;

function keysOf(ref: PaymentRef, seen: readonly PaymentObservation[]): string[] {
  const keys = seen.flatMap((one) => {
    if (one.about === 'attempt') return [one.key];
    return one.about === 'dispute' ? [] : [one.chargeId];
  });
  const all = [...keys, ref.intentId, ref.invoiceId].filter((key) => key !== null && key !== '');
  return [...new Set(all)].filter((key) => key !== null);
}

async function settle(
  { trx, eventId }: News,
  payment: KnownPayment,
  seen: readonly PaymentObservation[],
): Promise<void> {
  const before = stripeOf(payment);
  const ledger = seen.reduce(joinObservation, before.ledger);
  const state = paymentState(ledger, payment.amount);
  const status = statusOf(payment.status, before.derived, state);
  const change = {
    paidAt: state.paidAt === null ? null : new Date(state.paidAt * 1_000),
    amountRefunded: Math.max(state.amountRefunded, 0),
    failureCode: status === 'failed' ? state.failureCode : null,
    intentId: state.attemptKey?.startsWith('pi_') === true ? state.attemptKey : null,
    metadata: { stripe: { ledger, derived: status }, ...(state.dispute === null ? {} : { dispute: state.dispute }) },
  };
  if (!isPaid(payment) && PAID.has(status) && status !== 'succeeded') {
    // News of a refund may overtake that of the payment: journeys hear of the payment first all the same.
    await changePayment(trx, payment.id, { ...change, status: 'succeeded', amountRefunded: 0 }, eventId);
    await changePayment(trx, payment.id, { ...change, status }, `${eventId}#refund`);
  } else {
    await changePayment(trx, payment.id, { ...change, status }, eventId);
  }
  for (const one of seen) {
    if (one.about !== 'dispute') continue;
    await tellPaymentEvent(trx, {
      clientId: payment.clientId,
      name: 'payment.disputed',
      paymentId: payment.id,
      data: { kind: payment.kind, status: one.status },
      at: new Date(one.at * 1_000),
      dedupKey: `stripe/${one.disputeId}/${one.status}`,
    });
  }
}

/** The money came, whatever went back later. */
function isPaid(payment: KnownPayment): boolean {
  return PAID.has(payment.status);
}

const PAID: ReadonlySet<PaymentStatus> = new Set(['succeeded', 'partially_refunded', 'refunded']);
const FURTHER: Readonly<Record<PaymentStatus, number>> = {
  pending: 0,
  failed: 1,
  cancelled: 2,
  succeeded: 3,
  partially_refunded: 4,
  refunded: 5,
};

/**
 * What the row shall say. As long as nobody else wrote it, Stripe's news decide; where a person did (paid in cash), they
 * can lead on from there but not back.
 */
function statusOf(now: PaymentStatus, derivedBefore: PaymentStatus | null, { status }: PaymentState): PaymentStatus {
  if (now === derivedBefore || (derivedBefore === null && now === 'pending')) return status;
  return FURTHER[status] > FURTHER[now] ? status : now;
}

function stripeOf({ metadata }: KnownPayment) {
  const stored = metadata['stripe'];
  const known = typeof stored === 'object' && stored !== null ? stored : {};
  const ledger = paymentLedgerSchema.parse('ledger' in known ? known.ledger : {});
  const derived = 'derived' in known && isStatus(known.derived) ? known.derived : null;
  return { ledger, derived };
}

function isStatus(value: unknown): value is PaymentStatus {
  return typeof value === 'string' && value in FURTHER;
}
