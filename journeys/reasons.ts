// Why a step stands as it does: a closed union of codes with their facts. Screens, ledger, API and the Temporal UI show
// the same one; `explain` puts it into a sentence.
import { z } from 'zod';

/** Instants are ISO 8601 with `Z`, local times `YYYY-MM-DDTHH:MM` on the wall clock of the step's zone. */
const at = z.string();
const key = z.string();
const channel = z.string();

const PLANNED = [
  z.object({ code: z.literal('on_time') }),
  /** `from`: the local time from which the day rule moved it. */
  z.object({ code: z.literal('rolled'), from: at, closed: z.enum(['weekday', 'not_working', 'closed_on']) }),
  /** `from`: the local time from which the send window moved it. */
  z.object({ code: z.literal('window'), from: at, opens: z.string(), closes: z.string() }),
  z.object({ code: z.literal('caught_up'), was: at }),
  z.object({ code: z.literal('daily_cap'), was: at, cap: z.number() }),
  /** `problem`: what the last attempt met, in words without an address. */
  z.object({ code: z.literal('retry'), attempts: z.number(), problem: z.string().optional() }),
  z.object({ code: z.literal('overdue'), was: at }),
] as const;

const FALLBACK = ['send', 'skip', 'task'] as const;

const WAITING = [
  z.object({ code: z.literal('anchor_missing'), field: z.string() }),
  z.object({ code: z.literal('postponed') }),
  z.object({ code: z.literal('waiting_for_step'), step: key }),
  z.object({ code: z.literal('waiting_for_answer'), step: key, arm: z.enum(['yes', 'no']) }),
  z.object({ code: z.literal('waiting_for_event'), event: z.string(), until: at.nullable() }),
  z.object({ code: z.literal('needs_approval'), until: at, fallback: z.enum(FALLBACK) }),
] as const;

const HELD = [
  z.object({
    code: z.literal('paused'),
    scope: z.enum(['organization', 'journey', 'client', 'execution', 'channel', 'postponed']),
    channel: channel.optional(),
    until: at.optional(),
    why: z.string().optional(),
  }),
  z.object({ code: z.literal('settling'), until: at }),
  z.object({ code: z.literal('needs_answer'), question: z.enum(['past', 'missed_while_held']), was: at }),
] as const;

/** In the order in which they count: the first that holds is the reason. */
const SKIP_CODES = [
  'stopped',
  'stage_ended',
  'already_paid',
  'only_if',
  'repeat_ended',
  'past',
  'missed_while_held',
  'past_useful',
  'superseded',
  'no_address',
  'suppressed',
  'no_consent',
  'rejected',
  'not_approved',
  'if_missing',
  'never_came',
  'by_person',
] as const;

/** What else would have stopped the step. */
const besides = { also: z.array(z.enum(SKIP_CODES)).optional() };

const SKIPPED = [
  z.object({ code: z.literal('stopped'), at, why: z.string().optional(), ...besides }),
  z.object({ code: z.literal('stage_ended'), stage: key, at, ...besides }),
  z.object({ code: z.literal('already_paid'), payment: z.string(), ...besides }),
  /** `missing`: the fields that had no value, so that no comparison with them could hold. */
  z.object({ code: z.literal('only_if'), field: z.string(), missing: z.array(z.string()).optional(), ...besides }),
  z.object({ code: z.literal('repeat_ended'), ...besides }),
  z.object({ code: z.literal('past'), was: at, ...besides }),
  z.object({ code: z.literal('missed_while_held'), was: at, ...besides }),
  z.object({ code: z.literal('past_useful'), usefulUntil: at, ...besides }),
  z.object({ code: z.literal('superseded'), by: key, ...besides }),
  z.object({ code: z.literal('no_address'), channel, ...besides }),
  z.object({ code: z.literal('suppressed'), channel, ...besides }),
  z.object({ code: z.literal('no_consent'), channel, purpose: z.string(), ...besides }),
  z.object({ code: z.literal('rejected'), at, ...besides }),
  z.object({ code: z.literal('not_approved'), deadline: at, fallback: z.enum(['skip', 'task']), ...besides }),
  z.object({ code: z.literal('if_missing'), field: z.string(), ...besides }),
  z.object({ code: z.literal('never_came'), field: z.string(), ...besides }),
  z.object({ code: z.literal('by_person'), ...besides }),
] as const;

const NOT_TAKEN = [
  z.object({ code: z.literal('other_arm'), step: key }),
  z.object({ code: z.literal('dependency_not_taken'), step: key }),
] as const;

const ENDED = [
  z.object({ code: z.literal('done') }),
  z.object({ code: z.literal('failed') }),
  z.object({ code: z.literal('unknown') }),
] as const;

/** A reason as it is kept in the ledger. Details it does not know are passed over. */
export const reasonSchema = z.discriminatedUnion('code', [
  ...PLANNED,
  ...WAITING,
  ...HELD,
  ...SKIPPED,
  ...NOT_TAKEN,
  ...ENDED,
]);

/** The step goes, at its `runAt`. */
export type PlannedReason = z.infer<(typeof PLANNED)[number]>;
export type WaitingReason = z.infer<(typeof WAITING)[number]>;
export type HeldReason = z.infer<(typeof HELD)[number]>;
export type SkipReason = z.infer<(typeof SKIPPED)[number]>;
export type NotTakenReason = z.infer<(typeof NOT_TAKEN)[number]>;
export type Reason = z.infer<typeof reasonSchema>;
type ReasonCode = Reason['code'];

const CODES: ReadonlySet<string> = new Set(reasonSchema.options.map((option) => option.shape.code.value));

/** True for a code of the union. */
export function isReasonCode(code: string): code is ReasonCode {
  return CODES.has(code);
}
