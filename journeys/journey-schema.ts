// The definition of a journey: what a supplier writes, what is frozen as a version, what the planner reads. It is kept
// exactly as written; what was left out is the planner's to know (the defaults stand at each key's use).
import { z } from 'zod';
import { Condition } from './condition-schema.ts';
import { Match, Step } from './step-schema.ts';
import { Key, oneOf, shown, strict, text } from './words.ts';

/** What can set a journey off. */
const START_EVENTS = [
  'client.created',
  'client.booked',
  'client.status',
  'wedding_date.set',
  'payment.scheduled',
  'payment.due',
  'payment.succeeded',
  'payment.failed',
  'invoice.overdue',
  'form.submitted',
  'core_field.changed',
  'reply',
  'event',
  'manual',
  'api',
] as const;

/** What can end one: the same, and the status becoming `cancelled`. */
const STOP_EVENTS = [...START_EVENTS, 'client.cancelled'] as const;

export const MAX_STEPS = 200;
export const MAX_CLOSING = 50;

const StartEvent = oneOf(START_EVENTS);

/** One event among several, with details of its own: `{ on: form.submitted, match: { form: enquiry } }`. */
const StartChoice = z.union([StartEvent, strict({ on: StartEvent, match: Match.optional() })], {
  error: (issue) => {
    const known = StartEvent.safeParse(issue.input);
    return (
      (known.error?.issues[0]?.message ?? '') + ' Details go into { on: form.submitted, match: { form: enquiry } }.'
    );
  },
});

const Starts = strict({
  on: z.union([StartEvent, z.array(StartChoice).min(1).max(15)], {
    error: (issue) => {
      if (Array.isArray(issue.input)) return 'Must be a list of 1 to 15 events, each known here.';
      return StartEvent.safeParse(issue.input).error?.issues[0]?.message ?? `${shown(issue.input)} is not known here.`;
    },
  }),
  match: Match.optional(),
  onlyIf: Condition.optional(),
  reEntry: oneOf(['never', 'after_end', 'per_trigger']).optional(),
});

const Stop = strict({
  on: oneOf(STOP_EVENTS),
  match: Match.optional(),
  stages: z
    .array(Key)
    .min(1, { error: 'Name at least one stage, or leave the key out to end the journey.' })
    .max(20)
    .optional(),
});

const list = (what: string, max: number) => ({
  error: (issue: { code?: string; input?: unknown }) => {
    if (issue.input === undefined) return `Missing: a list of ${what} is needed here.`;
    return Array.isArray(issue.input)
      ? `Has ${issue.input.length} ${what}; at most ${max} fit. Split the journey.`
      : `${shown(issue.input)} stands where a list of ${what} is needed.`;
  },
});

export const JourneyDefinition = strict({
  schema: z.literal(1, { error: 'Must be 1: the version of this form that is in use.' }),
  name: text(120),
  starts: Starts,
  stops: z.array(Stop, list('stops', 20)).max(20, list('stops', 20)).optional(),
  steps: z.array(Step, list('steps', MAX_STEPS)).max(MAX_STEPS, list('steps', MAX_STEPS)),
  closing: z
    .array(Step, list('closing steps', MAX_CLOSING))
    .max(MAX_CLOSING, list('closing steps', MAX_CLOSING))
    .optional(),
});

export type JourneyDefinition = z.infer<typeof JourneyDefinition>;
