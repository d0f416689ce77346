import { z } from 'zod';
import type { AttemptStatus, PaymentObservation } from './payment-observation.ts';

const at = z.number();
const amount = z.number();

/** All that was ever observed of one payment, by the provider's own keys. Kept with the payment. */
export const paymentLedgerSchema = z.object({
  attempts: z
    .record(
      z.string(),
      z.object({
        status: z.enum(['pending', 'failed', 'cancelled', 'succeeded']),
        at,
        amount,
        currency: z.string(),
        failureCode: z.string().nullable(),
      }),
    )
    .default({}),
  refunds: z.record(z.string(), z.object({ at, amountRefunded: amount })).default({}),
  failedRefunds: z.record(z.string(), z.object({ at, amount, chargeId: z.string() })).default({}),
  disputes: z.record(z.string(), z.object({ at, amount, status: z.enum(['open', 'won', 'lost']) })).default({}),
});
export type PaymentLedger = z.infer<typeof paymentLedgerSchema>;
type Attempt = PaymentLedger['attempts'][string];
type Dispute = PaymentLedger['disputes'][string];

/**
 * Adds one observation. This is a join: the same observations in any order, each any number of times, give the same
 * ledger, which is what makes late, repeated and overtaking events harmless.
 */
export function joinObservation(ledger: PaymentLedger, seen: PaymentObservation): PaymentLedger {
  switch (seen.about) {
    case 'attempt': {
      const { about: _about, key, ...attempt } = seen;
      return { ...ledger, attempts: put(ledger.attempts, key, attempt, laterAttempt) };
    }
    case 'refunds': {
      const { chargeId, at, amountRefunded } = seen;
      return { ...ledger, refunds: put(ledger.refunds, chargeId, { at, amountRefunded }, laterRefunds) };
    }
    case 'failed_refund': {
      const { refundId, at, amount, chargeId } = seen;
      const failedRefunds = put(ledger.failedRefunds, refundId, { at, amount, chargeId }, earlierRefund);
      return { ...ledger, failedRefunds };
    }
    case 'dispute': {
      const { disputeId, at, amount, status } = seen;
      return { ...ledger, disputes: put(ledger.disputes, disputeId, { at, amount, status }, laterDispute) };
    }
    default:
      return assertNever(seen);
  }
}

export type PaymentState = {
  status: AttemptStatus | 'refunded' | 'partially_refunded';
  /** Unix seconds of the first success. */
  paidAt: number | null;
  amountRefunded: number;
  failureCode: string | null;
  dispute: 'open' | 'won' | 'lost' | null;
  /** The attempt that counts: the one that paid, otherwise the latest. */
  attemptKey: string | null;
};

/** What the observations amount to for a payment of `owed`. */
export function paymentState(ledger: PaymentLedger, owed: number): PaymentState {
  const attempts = Object.entries(ledger.attempts).sort(
    ([keyA, a], [keyB, b]) => a.at - b.at || RANK[a.status] - RANK[b.status] || (keyA < keyB ? -1 : 1),
  );
  const paying = attempts.find(([, attempt]) => attempt.status === 'succeeded');
  const counting = paying ?? attempts.at(-1);
  const disputes = Object.values(ledger.disputes);
  const lost = disputes
    .filter((dispute) => dispute.status === 'lost')
    .reduce((sum, dispute) => sum + dispute.amount, 0);
  // Money that a bank took back is gone like money that was given back.
  const amountRefunded = paying === undefined ? 0 : Math.min(owed, refundedIn(ledger) + lost);
  return {
    status: paying === undefined ? (counting?.[1].status ?? 'pending') : afterRefund(amountRefunded, owed),
    paidAt: paying?.[1].at ?? null,
    amountRefunded,
    failureCode: counting?.[1].failureCode ?? null,
    dispute: DISPUTE_ORDER.find((status) => disputes.some((dispute) => dispute.status === status)) ?? null,
    attemptKey: counting?.[0] ?? null,
  };
}

/** Of several disputes the one that asks most of the supplier is shown. */
const DISPUTE_ORDER = ['open', 'lost', 'won'] as const;

function afterRefund(amountRefunded: number, owed: number): PaymentState['status'] {
  if (amountRefunded === 0) return 'succeeded';
  return amountRefunded >= owed ? 'refunded' : 'partially_refunded';
}

/** A charge tells its sum of refunds; one that failed afterwards is not in that sum any more. */
function refundedIn(ledger: PaymentLedger): number {
  return Object.entries(ledger.refunds).reduce((sum, [chargeId, charge]) => {
    const back = Object.values(ledger.failedRefunds)
      .filter((refund) => refund.chargeId === chargeId && refund.at >= charge.at)
      .reduce((total, refund) => total + refund.amount, 0);
    return sum + Math.max(0, charge.amountRefunded - back);
  }, 0);
}

/** Of two news of the same second the one further on counts. */
const RANK: Readonly<Record<AttemptStatus, number>> = { pending: 0, failed: 1, cancelled: 2, succeeded: 3 };

function laterAttempt(a: Attempt, b: Attempt): Attempt {
  if (a.status === 'succeeded' && b.status === 'succeeded') {
    // Several events tell the same success; the earliest is when it happened, the highest amount what came in. Which is
    // the earlier must not hang on the amount, or the highest one would decide again at the next join.
    const first = a.at !== b.at ? (a.at < b.at ? a : b) : inWords(a) >= inWords(b) ? a : b;
    return { ...first, amount: Math.max(a.amount, b.amount) };
  }
  if (isFinal(a) !== isFinal(b)) return isFinal(a) ? a : b;
  if (a.at !== b.at) return a.at > b.at ? a : b;
  if (a.status !== b.status) return RANK[a.status] > RANK[b.status] ? a : b;
  if (inWords(a) !== inWords(b)) return inWords(a) > inWords(b) ? a : b;
  return a.amount >= b.amount ? a : b;
}

/** Decides between news of the same second, the same way in whatever order they came. */
function inWords({ failureCode, currency }: Attempt): string {
  return JSON.stringify([failureCode ?? '', currency]);
}

/** Success is never left again, whatever else is told of the same attempt: the money came in. */
function isFinal(attempt: Attempt): boolean {
  return attempt.status === 'succeeded';
}

/** A refund fails once; a second message of it says the same. */
function earlierRefund(a: PaymentLedger['failedRefunds'][string], b: PaymentLedger['failedRefunds'][string]) {
  if (a.at !== b.at) return a.at < b.at ? a : b;
  return a.amount >= b.amount ? a : b;
}

function laterRefunds(a: PaymentLedger['refunds'][string], b: PaymentLedger['refunds'][string]) {
  if (a.at !== b.at) return a.at > b.at ? a : b;
  return a.amountRefunded >= b.amountRefunded ? a : b;
}

function laterDispute(a: Dispute, b: Dispute): Dispute {
  const open = (dispute: Dispute): boolean => dispute.status === 'open';
  if (open(a) !== open(b)) return open(a) ? b : a;
  if (a.at !== b.at) return a.at > b.at ? a : b;
  if (a.status !== b.status) return a.status === 'lost' ? a : b;
  return a.amount >= b.amount ? a : b;
}

function put<Value>(
  entries: Record<string, Value>,
  key: string,
  value: Value,
  later: (a: Value, b: Value) => Value,
): Record<string, Value> {
  const before = entries[key];
  return { ...entries, [key]: before === undefined ? value : later(before, value) };
}

function assertNever(value: never): never {
  throw new Error(`Unknown observation: ${JSON.stringify(value)}`);
}
