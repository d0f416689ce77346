// Which payment a step counts from, and whether it is paid.
import { parseKnownDay } from './civil.ts';
import type { Facts } from './facts.ts';

export type Payment = Facts['payments'][number];

/** The part of the facts that says which payment is meant. */
export type PaymentFacts = Pick<Facts, 'payments'> & { execution: Pick<Facts['execution'], 'trigger'> };

/** Paid is `succeeded`; a refund, a failure and a cancellation are not. */
export function isPaid(payment: Payment): boolean {
  return payment.status === 'succeeded';
}

/**
 * The triggering payment where there is one and no kind is named, otherwise the earliest due (of that kind) not yet
 * paid, otherwise the last. One that is neither paid nor has a date comes before what is paid: the journey waits for it.
 */
export function choosePayment(facts: PaymentFacts, kind: string | undefined): Payment | undefined {
  const { trigger } = facts.execution;
  const triggering = kind === undefined ? facts.payments.find((payment) => payment.id === trigger?.ref) : undefined;
  if (triggering) return triggering;
  const ofKind = facts.payments.filter((payment) => kind === undefined || payment.kind === kind);
  const byDue = ofKind
    .filter((payment) => parseKnownDay(payment.dueOn) !== null)
    .sort((a, b) => (parseKnownDay(a.dueOn) ?? 0) - (parseKnownDay(b.dueOn) ?? 0));
  return (
    byDue.find((payment) => !isPaid(payment)) ??
    ofKind.find((payment) => !isPaid(payment)) ??
    byDue.at(-1) ??
    ofKind.at(-1)
  );
}
