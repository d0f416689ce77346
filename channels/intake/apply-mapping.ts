import { z } from 'zod';

import type { Mapping, MappingRule, MappingValue } from './mapping-schema.ts';
import { holds, readValue, type Value } from './mapping-value.ts';

/** How the couple is found. */
export type ClientRef = { externalId: string | null; email: string | null };

/** What a message asks for, in our words, checked. */
export type MappedChange =
  | { do: 'upsert_client'; client: ClientRef; set: ClientChange }
  | { do: 'event'; client: ClientRef; name: string; data: Record<string, Value>; at: string | null }
  | { do: 'payment'; client: ClientRef; payment: PaymentChange }
  | { do: 'form'; client: ClientRef; form: string; answers: Record<string, Value> };

const day = z.iso.date('is not a date');
const shortText = z.string().min(1).max(200);

const clientChangeSchema = z.object({
  partner1Name: shortText.optional(),
  partner2Name: shortText.optional(),
  email: z.email('is not an email address').max(320).optional(),
  phone: z
    .string()
    .transform((phone) => phone.replaceAll(/[\s().-]/g, ''))
    .pipe(z.string().regex(/^\+[1-9]\d{6,14}$/, 'is not a number in international form such as +447700900123'))
    .optional(),
  weddingOn: day.optional(),
  status: z.enum(['lead', 'booked', 'married', 'cancelled', 'archived']).optional(),
  venue: shortText.optional(),
  guestCount: z.coerce.number('is not a number').int('is not a whole number').min(0).max(100_000).optional(),
  addTags: z.union([z.array(z.string().max(100)).max(100), z.string().transform((tag) => [tag])]).optional(),
  dates: z.record(z.string(), day).optional(),
  custom: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])).optional(),
});
export type ClientChange = z.infer<typeof clientChangeSchema>;

const paymentChangeSchema = z.object({
  reference: z.string().min(1).max(200),
  kind: z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'is not a kind of payment such as deposit'),
  status: z.enum(['pending', 'succeeded', 'failed', 'refunded', 'partially_refunded', 'cancelled']),
  amount: z.int('is not an amount in the smallest unit').min(1).max(2_000_000_000),
  currency: z
    .string()
    .transform((code) => code.toUpperCase())
    .pipe(z.string().regex(/^[A-Z]{3}$/, 'is not a currency such as GBP'))
    .default('GBP'),
  dueOn: day.optional(),
});
export type PaymentChange = z.infer<typeof paymentChangeSchema>;

export type MappingProblem = { rule: number; field: string; message: string };
export type MappingOutcome =
  /** `eventId`: by what it is known when it comes again in other words, where the mapping says so. */
  | { kind: 'changes'; changes: MappedChange[]; eventId: string | null }
  /** No rule is about this message. */
  | { kind: 'ignored' }
  | { kind: 'problems'; problems: MappingProblem[] };

/**
 * What a message means by a mapping. Either all of it is understood or nothing is done: half a booking is worse than
 * one that waits for a corrected mapping.
 */
export function applyMapping(mapping: Mapping, message: unknown): MappingOutcome {
  const changes: MappedChange[] = [];
  const problems: MappingProblem[] = [];
  const eventId = eventIdOf(mapping, message, problems);
  for (const [index, rule] of mapping.rules.entries()) {
    if (!holds(message, rule.when)) continue;
    const reader = createReader(message, index + 1, problems);
    const change = changeOf(rule, reader);
    if (change !== null) changes.push(change);
  }
  if (problems.length > 0) return { kind: 'problems', problems };
  return changes.length === 0 ? { kind: 'ignored' } : { kind: 'changes', changes, eventId };
}

function eventIdOf({ eventId, rules }: Mapping, message: unknown, problems: MappingProblem[]): string | null {
  // A message that no rule is about needs no id.
  if (eventId === undefined || !rules.some((rule) => holds(message, rule.when))) return null;
  const found = readValue(message, eventId);
  if (found.ok && found.value !== undefined) return String(found.value).slice(0, 300);
  problems.push({ rule: 0, field: 'eventId', message: found.ok ? 'the message has no id there' : found.problem });
  return null;
}

type Reader = ReturnType<typeof createReader>;

/** Reads values for one rule and collects what is wrong with them. */
function createReader(message: unknown, rule: number, problems: MappingProblem[]) {
  const complain = (field: string, text: string): null => {
    problems.push({ rule, field, message: text });
    return null;
  };
  const read = (field: string, source: MappingValue | undefined): Value | undefined => {
    if (source === undefined) return undefined;
    const result = readValue(message, source);
    if (result.ok) return result.value;
    complain(field, result.problem);
    return undefined;
  };
  return {
    complain,
    read,
    readAll: (field: string, sources: Record<string, MappingValue>): Record<string, Value> => {
      const entries = Object.entries(sources).map(([key, source]) => [key, read(`${field}.${key}`, source)] as const);
      return Object.fromEntries(entries.filter((entry): entry is [string, Value] => entry[1] !== undefined));
    },
    check: <Schema extends z.ZodType>(field: string, schema: Schema, input: unknown): z.output<Schema> | null => {
      const parsed = schema.safeParse(input);
      if (parsed.success) return parsed.data;
      for (const issue of parsed.error.issues) {
        const place = [field, ...issue.path].filter((part) => part !== '').join('.');
        // A value that could not be read is missing here too; once is enough.
        const isKnown = problems.some((problem) => problem.rule === rule && problem.field === place);
        if (!isKnown) complain(place, issue.message);
      }
      return null;
    },
  };
}

function changeOf(rule: MappingRule, reader: Reader): MappedChange | null {
  const client = clientOf(rule, reader);
  switch (rule.do) {
    case 'upsert_client': {
      const { dates = {}, custom = {}, ...plain } = rule.set;
      const values = reader.readAll('set', plain);
      const input = { ...values, dates: reader.readAll('dates', dates), custom: reader.readAll('custom', custom) };
      const set = reader.check('set', clientChangeSchema, input);
      return client === null || set === null ? null : { do: rule.do, client, set };
    }
    case 'event': {
      const at = reader.read('at', rule.at);
      const data = reader.readAll('data', rule.data);
      if (client === null) return null;
      return { do: rule.do, client, name: rule.name, data, at: at === undefined ? null : String(at) };
    }
    case 'payment': {
      const { reference, kind, status, amount, currency, dueOn } = rule;
      const sources = { reference, kind, status, amount, ...(currency && { currency }), ...(dueOn && { dueOn }) };
      const payment = reader.check('payment', paymentChangeSchema, reader.readAll('payment', sources));
      return client === null || payment === null ? null : { do: rule.do, client, payment };
    }
    case 'form': {
      const answers = reader.readAll('answers', rule.answers);
      return client === null ? null : { do: rule.do, client, form: rule.form, answers };
    }
    default:
      throw new Error(`Unknown rule ${JSON.stringify(rule satisfies never)}`);
  }
}

function clientOf(rule: MappingRule, reader: Reader): ClientRef | null {
  const externalId = reader.read('client.externalId', rule.client.externalId);
  const email = reader.read('client.email', rule.client.email);
  if (externalId === undefined && email === undefined) {
    return reader.complain('client', 'the message says neither the id nor the address of the couple');
  }
  return {
    externalId: externalId === undefined ? null : String(externalId).slice(0, 200),
    email: email === undefined ? null : String(email).trim().toLowerCase(),
  };
}
