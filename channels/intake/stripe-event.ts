import { z } from 'zod';

const id = z.string().min(1).max(255);
const seconds = z.int().nonnegative();
const amount = z.int().nonnegative();
const currency = z
  .string()
  .regex(/^[a-zA-Z]{3}$/)
  .transform((code) => code.toUpperCase());
const metadata = z.record(z.string(), z.string()).nullish();
/** Stripe gives the id, or the object where it was asked to expand it. */
const reference = z
  .union([id, z.looseObject({ id }).transform((object) => object.id)])
  .nullish()
  .transform((value) => value ?? null);

export const paymentIntentSchema = z.looseObject({
  object: z.literal('payment_intent'),
  id,
  amount,
  amount_received: amount.nullish(),
  currency,
  metadata,
  last_payment_error: z.looseObject({ code: z.string().nullish(), decline_code: z.string().nullish() }).nullish(),
});

export const checkoutSessionSchema = z.looseObject({
  object: z.literal('checkout.session'),
  id,
  mode: z.string(),
  payment_status: z.string(),
  amount_total: amount.nullish(),
  currency: currency.nullish(),
  payment_intent: reference,
  client_reference_id: z.string().nullish(),
  metadata,
});

export const chargeSchema = z.looseObject({
  object: z.literal('charge'),
  id,
  amount,
  amount_refunded: amount,
  created: seconds,
  currency,
  paid: z.boolean(),
  payment_intent: reference,
  metadata,
});

export const refundSchema = z.looseObject({
  object: z.literal('refund'),
  id,
  amount,
  currency,
  charge: reference,
  payment_intent: reference,
  status: z.string().nullish(),
  metadata,
});

export const disputeSchema = z.looseObject({
  object: z.literal('dispute'),
  id,
  amount,
  currency,
  charge: reference,
  payment_intent: reference,
  status: z.string(),
  reason: z.string().nullish(),
  metadata,
});

export const invoiceSchema = z.looseObject({
  object: z.literal('invoice'),
  id,
  number: z.string().max(60).nullish(),
  status: z.string().nullish(),
  currency,
  amount_due: amount,
  amount_paid: amount,
  subtotal: z.int(),
  total: z.int(),
  total_excluding_tax: z.int().nullish(),
  due_date: seconds.nullish(),
  effective_at: seconds.nullish(),
  metadata,
});

/** The envelope of every event. Its object is read by the schema of its kind. */
export const stripeEventSchema = z.looseObject({
  id: z.string().regex(/^evt_[A-Za-z0-9_]{1,250}$/, 'is not the id of a Stripe event'),
  object: z.literal('event'),
  type: z.string().min(1).max(100),
  created: seconds,
  livemode: z.boolean(),
  /** The connected account it happened on; absent on the platform's own. */
  account: z.string().nullish(),
  data: z.looseObject({ object: z.looseObject({ object: z.string() }) }),
});
export type StripeEvent = z.infer<typeof stripeEventSchema>;

/** What an event's object says of our own records; written by us when the payment was begun. */
export type StripeMetadata = z.infer<typeof metadata>;
