import { z } from 'zod';

/** RFC 6901: `/deal/contact/0/email`; the empty text is the whole message. */
const pointer = z
  .string()
  .max(300)
  .regex(/^(\/([^~/]|~0|~1)*)*$/, 'is not a JSON Pointer such as /deal/contact/email');

const scalar = z.union([z.string().max(2_000), z.number(), z.boolean()]);

/** What a value is turned into. Dates in words of a country need their format, since 03/04 means two days. */
export const CONVERSIONS = ['text', 'lower', 'number', 'cents', 'boolean', 'date', 'instant', 'list'] as const;
export const DATE_FORMATS = ['yyyy-mm-dd', 'dd/mm/yyyy', 'mm/dd/yyyy', 'dd.mm.yyyy', 'unix', 'unix_ms'] as const;

type ValueShape =
  | {
      path: string;
      as?: (typeof CONVERSIONS)[number];
      format?: (typeof DATE_FORMATS)[number];
      map?: Record<string, string>;
    }
  | { value: string | number | boolean }
  | { first: ValueShape[] }
  | { join: ValueShape[]; with?: string };

/** Where a value comes from: a place in the message, a fixed one, the first that is there, or several joined. */
export const valueSchema: z.ZodType<ValueShape> = z.lazy(() =>
  z.union([
    z.strictObject({
      path: pointer,
      as: z.enum(CONVERSIONS).optional(),
      /** Of a date or instant; without it ISO 8601 is expected. */
      format: z.enum(DATE_FORMATS).optional(),
      /** Their words to ours, such as `Closed Won` to `booked`; a word that is not in it is a problem. */
      map: z.record(z.string(), z.string()).optional(),
    }),
    z.strictObject({ value: scalar }),
    z.strictObject({ first: z.array(valueSchema).min(1).max(10) }),
    z.strictObject({ join: z.array(valueSchema).min(1).max(10), with: z.string().max(10).optional() }),
  ]),
);

const whenSchema = z.union([
  z.strictObject({ path: pointer, is: scalar }),
  z.strictObject({ path: pointer, in: z.array(scalar).min(1).max(50) }),
  z.strictObject({ path: pointer, isSet: z.boolean() }),
]);

const key = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'is made of small letters, digits and _, a letter first');

/** By what the couple is found: the sender's own id for it, else its address. At least one. */
const clientSchema = z
  .strictObject({ externalId: valueSchema.optional(), email: valueSchema.optional() })
  .refine((client) => client.externalId !== undefined || client.email !== undefined, 'needs externalId or email');

const ruleBase = { when: z.array(whenSchema).max(20).default([]), client: clientSchema };

const upsertRule = z.strictObject({
  ...ruleBase,
  do: z.literal('upsert_client'),
  set: z.strictObject({
    partner1Name: valueSchema.optional(),
    partner2Name: valueSchema.optional(),
    email: valueSchema.optional(),
    phone: valueSchema.optional(),
    weddingOn: valueSchema.optional(),
    status: valueSchema.optional(),
    venue: valueSchema.optional(),
    guestCount: valueSchema.optional(),
    addTags: valueSchema.optional(),
    dates: z.record(key, valueSchema).optional(),
    custom: z.record(key, valueSchema).optional(),
  }),
});

const eventRule = z.strictObject({
  ...ruleBase,
  do: z.literal('event'),
  /** The custom event's name, a word of ours and never of the sender's. */
  name: z.string().regex(/^[a-z][a-z0-9_.]{0,79}$/, 'is not the name of an event such as tasting.booked'),
  data: z.record(key, valueSchema).default({}),
  at: valueSchema.optional(),
});

const paymentRule = z.strictObject({
  ...ruleBase,
  do: z.literal('payment'),
  /** By what the payment is known when it comes again. */
  reference: valueSchema,
  kind: valueSchema,
  status: valueSchema,
  amount: valueSchema,
  currency: valueSchema.optional(),
  dueOn: valueSchema.optional(),
});

const formRule = z.strictObject({
  ...ruleBase,
  do: z.literal('form'),
  /** Slug of the form. */
  form: key,
  answers: z.record(key, valueSchema),
});

/**
 * What the messages of another program mean: a list of rules, each with conditions on the message and one thing to do.
 * All that apply are done, in their order, in one transaction. Nothing is executed and nothing can loop.
 */
export const mappingSchema = z.strictObject({
  version: z.literal(1).default(1),
  /** By what a message is known when it comes again in other words; default: the id in the header, or the body itself. */
  eventId: valueSchema.optional(),
  rules: z
    .array(z.discriminatedUnion('do', [upsertRule, eventRule, paymentRule, formRule]))
    .min(1)
    .max(50),
});

export type Mapping = z.infer<typeof mappingSchema>;
export type MappingRule = Mapping['rules'][number];
export type MappingValue = ValueShape;
export type MappingWhen = z.infer<typeof whenSchema>;
