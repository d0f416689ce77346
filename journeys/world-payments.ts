// What happens to payments in a rehearsal.
import { textOf, type Details } from './details.ts';
import type { Facts } from './facts.ts';
import { choosePayment, type Payment } from './payments.ts';
import { tell, type World } from './world.ts';

/** A payment with a due date appeared, or its date changed. */
export function schedulePayment(world: World, details: Details, at: string): void {
  const { payments } = world.facts;
  const known = paymentOf(world.facts, details);
  const dueOn = textOf(details, 'dueOn', 'on', 'date');
  if (known) {
    if (dueOn !== null && dueOn !== known.dueOn) Object.assign(known, { dueOn, dueChangedAt: at });
  } else {
    const id = textOf(details, 'payment', 'id') ?? `payment-${payments.length + 1}`;
    const kind = textOf(details, 'kind') ?? 'balance';
    payments.push({ id, kind, dueOn, status: 'pending', dueChangedAt: at });
  }
  tellOfPayment(world, 'payment.scheduled', details, at);
}

/** A payment came in, was declined or was given back; one that is cancelled is due no more. */
export function settlePayment(world: World, status: Payment['status'], details: Details, at: string): void {
  const payment = paymentOf(world.facts, details);
  if (payment) {
    const more = status === 'succeeded' ? { paidAt: at } : status === 'cancelled' ? { dueOn: null } : {};
    Object.assign(payment, { status, ...more });
  }
  tellOfPayment(world, `payment.${status}`, details, at);
}

export function tellOfPayment(world: World, on: string, details: Details, at: string): void {
  const payment = paymentOf(world.facts, details);
  const known = payment ? { payment: payment.id, kind: payment.kind } : {};
  tell(world, { on, details: { ...details, ...known } }, at);
}

/** By its id, or the one of that kind which a step would count from. */
function paymentOf(facts: Facts, details: Details): Payment | undefined {
  const id = textOf(details, 'payment', 'id');
  if (id !== null) return facts.payments.find((payment) => payment.id === id);
  const kind = textOf(details, 'kind');
  return kind === null ? undefined : choosePayment(facts, kind);
}
