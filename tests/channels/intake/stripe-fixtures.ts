import { readFileSync } from 'node:fs';

export const STRIPE_FIXTURES = [
  'checkout.session.completed',
  'payment_intent.payment_failed',
  'payment_intent.succeeded',
  'invoice.overdue',
  'charge.refunded',
] as const;

/** The exact bytes of a fixture event, as Stripe would post them. */
export function stripeBody(name: string): Buffer {
  return readFileSync(new URL(`../../fixtures/providers/stripe/${name}.json`, import.meta.url));
}

export type StripeJson = { id: string; type: string; created: number; data: { object: Record<string, unknown> } };

/** A fixture event with changes to the event and to its object. */
export function stripeEvent(
  name: (typeof STRIPE_FIXTURES)[number],
  event: Record<string, unknown> = {},
  object: Record<string, unknown> = {},
): StripeJson {
  const json = JSON.parse(stripeBody(name).toString()) as StripeJson;
  return { ...json, ...event, data: { ...json.data, object: { ...json.data.object, ...object } } };
}
