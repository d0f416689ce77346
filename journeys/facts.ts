// What is known about a couple (facts) and what already happened in an execution (ledger), as the planner reads them.
import { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import { refuseOversized } from './input-limits.ts';
import { clip, formatPath, MAX_PROBLEMS, problemsOf, type Problem } from './problem.ts';
import { PURPOSES } from './step-schema.ts';
import { Weekday } from './when-schema.ts';
import { CivilDate, Instant, oneOf, pattern, plainly, RealDate, shown, text, TimeZone, WallTime } from './words.ts';

const EVERY_DAY: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const WORKING_DAYS: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri'];

const CHANNELS = ['email', 'sms', 'whatsapp'] as const;
export type Channel = (typeof CHANNELS)[number];

/** A key that may be left out or be null, which is the same. */
const maybe = <T extends z.ZodType>(schema: T) =>
  z.union([schema, z.null().transform((): undefined => undefined)], { error: told }).optional();

/** The message of the schema itself, not of the union with null around it. */
function told(issue: z.core.$ZodRawIssue): string | undefined {
  return issue.code === 'invalid_union' ? issue.errors[0]?.[0]?.message : undefined;
}

const count = (smallest: number) =>
  z
    .int({ error: (issue) => `${shown(issue.input)} is not a whole number.` })
    .min(smallest, { error: `Must be ${smallest} or more.` })
    .max(1_000_000, { error: 'Is too large.' });

const flag = z.boolean({ error: (issue) => `${shown(issue.input)} is neither true nor false.` });

const object = <T extends z.core.$ZodLooseShape>(shape: T) =>
  z.object(shape, {
    error: (issue) =>
      `${shown(issue.input)} stands where an object with ${Object.keys(shape).slice(0, 5).join(', ')} is needed.`,
  });

const Id = z.union([text(200), z.number().transform(String)], { error: 'Must be an id: a text or a number.' });

const SendWindow = object({ from: WallTime, to: WallTime, days: z.array(Weekday).min(1).default(EVERY_DAY) }).refine(
  (window) => window.from < window.to,
  {
    params: { code: 'window_empty' },
    error: 'The send window must end after it begins on the same day: "from" before "to".',
  },
);

const Organization = object({
  zone: TimeZone,
  defaultTime: WallTime.default('09:00'),
  workingDays: z.array(Weekday).min(1, { error: 'Name at least one working day.' }).default(WORKING_DAYS),
  closedOn: z.array(RealDate).max(2_000).default([]),
  sendWindow: SendWindow.nullable().default(null),
  dailyCap: count(1).default(3),
  holdWhenPostponed: flag.default(false),
  settleMinutes: count(0).default(10),
  postponedTaskWeeks: count(0).default(8),
  closeAfterDays: count(0).default(400),
  /** For so long after the couple wrote, service and marketing messages are held; 0: never. */
  conversationGuardHours: count(0).default(0),
});

const Client = object({
  id: maybe(Id),
  status: text(40).default('booked'),
  weddingOn: CivilDate.nullable().default(null),
  weddingTime: WallTime.nullable().default(null),
  weddingZone: TimeZone.nullable().default(null),
  weddingChangedAt: maybe(Instant),
  postponed: flag.default(false),
  dates: z.record(z.string(), CivilDate.nullable()).default({}),
  tags: z.array(z.string().max(200)).max(1_000).default([]),
  custom: z.record(z.string(), z.unknown()).default({}),
});

const Hold = object({
  scope: oneOf(['organization', 'journey', 'client', 'execution', 'channel']),
  channel: maybe(oneOf(CHANNELS)),
  since: Instant,
  /** Ends by itself then. */
  until: maybe(Instant),
  /** Holds messages of these purposes only; absent: every step. */
  purposes: maybe(z.array(oneOf(PURPOSES))),
  reason: maybe(text(500)),
}).refine((hold) => hold.scope !== 'channel' || hold.channel !== undefined, {
  path: ['channel'],
  params: { code: 'missing' },
  error: 'A hold of a channel must say which: email, sms or whatsapp.',
});

const Execution = object({
  startedAt: Instant,
  status: oneOf(['active', 'paused', 'stopped', 'completed']).default('active'),
  stoppedAt: maybe(Instant),
  stopReason: maybe(text(500)),
  trigger: maybe(object({ event: text(100), at: maybe(Instant), ref: maybe(Id) }).loose()),
  holds: z.array(Hold).max(100).default([]),
  endedStages: z
    .array(object({ stage: text(40), at: Instant }))
    .max(100)
    .default([]),
  resumed: maybe(object({ at: Instant, since: Instant, late: oneOf(['send', 'skip', 'ask']) })),
}).refine((execution) => execution.status !== 'stopped' || execution.stoppedAt !== undefined, {
  path: ['stoppedAt'],
  params: { code: 'missing' },
  error: 'A stopped execution must say since when.',
});

const Payment = object({
  id: Id,
  kind: text(64),
  dueOn: CivilDate.nullable().default(null),
  status: oneOf(['pending', 'succeeded', 'failed', 'refunded', 'partially_refunded', 'cancelled']).default('pending'),
  paidAt: maybe(Instant),
  dueChangedAt: maybe(Instant),
  amount: maybe(z.number()),
  currency: maybe(text(3)),
});

const Form = object({
  status: maybe(text(40)),
  answers: z.record(z.string(), z.unknown()).default({}),
});

const Event = object({ name: text(100), at: Instant, data: maybe(z.record(z.string(), z.unknown())) });

const Message = object({ status: maybe(text(40)), replied: maybe(flag) });

const Contact = object({
  id: Id,
  role: text(40),
  email: maybe(text(320)),
  phone: maybe(text(40)),
  zone: maybe(TimeZone),
  locale: maybe(text(35)),
  isPrimary: flag.default(false),
});

const Consent = object({
  contactId: maybe(Id),
  channel: oneOf(CHANNELS),
  purpose: oneOf(PURPOSES),
  state: oneOf(['granted', 'withdrawn']),
});

const Suppression = object({
  contactId: maybe(Id),
  channel: oneOf(CHANNELS),
  purposes: maybe(z.array(oneOf(PURPOSES))),
});

const Decision = object({
  key: text(40),
  occurrence: count(1).default(1),
  decision: oneOf(['approved', 'rejected']),
  at: Instant,
});

const SentOn = z.record(
  pattern(/^\d{4}-\d{2}-\d{2}$/, 'a date such as "2027-06-12"'),
  z.int({ error: 'Must be a whole number of messages.' }).min(0),
);

export const Facts = object({
  organization: Organization,
  client: Client.prefault({}),
  execution: Execution,
  payments: z.array(Payment).max(500).default([]),
  forms: z.record(z.string(), Form).default({}),
  events: z.array(Event).max(5_000).default([]),
  messages: z.record(z.string(), Message).default({}),
  core: z.record(z.string(), z.unknown()).default({}),
  contacts: maybe(z.array(Contact).max(100)),
  consents: z.array(Consent).max(500).default([]),
  suppressions: z.array(Suppression).max(500).default([]),
  approvals: z.array(Decision).max(5_000).default([]),
  sentOn: SentOn.default({}),
});

/** What is known about a client now, with every default filled in. Instants are UTC with `Z`, to the second. */
export type Facts = z.infer<typeof Facts>;

export const STEP_STATES = [
  'planned',
  'waiting',
  'held',
  'will_skip',
  'done',
  'skipped',
  'failed',
  'unknown',
  'not_taken',
] as const;

/** Ten times what a definition may repeat; a plan lists every occurrence up to the last. */
const MAX_OCCURRENCE = 1_000;

const Occurrence = count(1)
  .max(MAX_OCCURRENCE, { error: `Must be ${MAX_OCCURRENCE} or less.` })
  .default(1);

const LedgerStep = object({
  key: text(40),
  occurrence: Occurrence,
  state: oneOf(STEP_STATES),
  dueAt: Instant.nullable().default(null),
  plannedAt: Instant.nullable().default(null),
  endedAt: maybe(Instant),
  outcome: maybe(text(200)),
  attempts: maybe(count(0)),
  nextAttemptAt: maybe(Instant),
  reason: maybe(object({ code: text(60) }).loose()),
});

export const Ledger = object({ steps: z.array(LedgerStep).max(5_000).default([]) });

/** What already happened in one execution: one row per step occurrence that was planned or done. */
export type Ledger = z.infer<typeof Ledger>;
export type LedgerStep = Ledger['steps'][number];

export type FactsResult = { ok: true; facts: Facts } | { ok: false; problems: Problem[] };
export type LedgerResult = { ok: true; ledger: Ledger } | { ok: false; problems: Problem[] };

/**
 * Reads facts that came from outside and fills in the defaults. Keys it does not know are passed over, because the
 * programs that know couples know more than the planner asks; only one that is nearly a known key is refused.
 * Never throws.
 */
export function parseFacts(input: unknown): FactsResult {
  const refused = refuseOversized(input);
  if (refused) return { ok: false, problems: [refused] };
  const result = Facts.safeParse(input, { reportInput: true, error: plainly });
  const slips = slipsIn(input, Facts);
  if (result.success && slips.length === 0) return { ok: true, facts: result.data };
  return { ok: false, problems: together(slips, result.error) };
}

/** Reads a ledger that came from outside; `undefined` and `null` are an empty one. Never throws. */
export function parseLedger(input: unknown): LedgerResult {
  const refused = refuseOversized(input);
  if (refused) return { ok: false, problems: [refused] };
  const result = Ledger.safeParse(input ?? {}, { reportInput: true, error: plainly });
  const slips = slipsIn(input, Ledger);
  if (result.success && slips.length === 0) return { ok: true, ledger: result.data };
  return { ok: false, problems: together(slips, result.error) };
}

function together(slips: readonly Problem[], error: z.ZodError | undefined): Problem[] {
  return [...slips, ...(error ? problemsOf(error) : [])].slice(0, MAX_PROBLEMS);
}

/** The first of them: nobody reads more than `MAX_PROBLEMS`, and whoever sends ten thousand is not waited for. */
function slipsIn(input: unknown, schema: z.core.$ZodType): Problem[] {
  return [...slipsOfTheHand(input, schema, []).take(MAX_PROBLEMS)];
}

/** Keys which the schema does not know, but nearly. */
function* slipsOfTheHand(
  input: unknown,
  schema: z.core.$ZodType,
  path: readonly (string | number)[],
): Generator<Problem, undefined> {
  if (typeof input !== 'object' || input === null) return;
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray && Array.isArray(input)) {
    for (const [index, item] of input.entries()) yield* slipsOfTheHand(item, inner.element, [...path, index]);
  }
  if (!(inner instanceof z.ZodObject) || Array.isArray(input)) return;
  const shape: Record<string, z.core.$ZodType> = inner.shape;
  for (const [key, value] of Object.entries(input)) {
    const schemaOfKey = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (schemaOfKey !== undefined) {
      yield* slipsOfTheHand(value, schemaOfKey, [...path, key]);
      continue;
    }
    const meant = didYouMean(key, Object.keys(shape));
    if (meant === null || Object.hasOwn(input, meant)) continue;
    const message = `"${clip(key)}" is not known here: did you mean "${meant}"?`;
    yield { code: 'unknown_key', path: formatPath([...path, key]), message };
  }
}

/** The schema inside defaults, optionals and "or null". */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodUnion) return unwrap(schema.options[0] ?? schema);
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    return unwrap(schema.unwrap());
  }
  return schema;
}
