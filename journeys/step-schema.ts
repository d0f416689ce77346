// The steps of a journey, one schema per type, told apart by `type`.
import { z } from 'zod';
import { Condition } from './condition-schema.ts';
import { Key, oneOf, pattern, shown, strict, text } from './words.ts';
import { Duration, EventName, Interval, When } from './when-schema.ts';

/** Details of an event, each of which must be equal: `{ form: questionnaire }`. */
export const Match = z
  .record(
    z.string().max(80),
    z.union([z.string().max(200), z.number(), z.boolean()], {
      error: (issue) => `${shown(issue.input)} cannot be compared: write a text, a number, true or false.`,
    }),
    { error: 'Must be an object such as { form: questionnaire }.' },
  )
  .refine((match) => Object.keys(match).length <= 10, { error: 'At most 10 details can be compared.' });
export type Match = z.infer<typeof Match>;

const ROLE = '[a-z][a-z0-9_]{0,39}';

/** To whom a message goes. */
export type Recipient = 'primary' | 'partner_1' | 'partner_2' | 'both' | `role:${string}`;
const Recipient = pattern(
  new RegExp(`^(?:primary|partner_1|partner_2|both|role:${ROLE})$`),
  'primary, partner_1, partner_2, both or role:<role>',
).pipe(z.custom<Recipient>());

/** Who in the team does a task or reads a notification. */
export type Assignee = 'owner' | 'assignee' | `role:${string}`;
const Assignee = pattern(new RegExp(`^(?:owner|assignee|role:${ROLE})$`), 'owner, assignee or role:<role>').pipe(
  z.custom<Assignee>(),
);
const Audience = pattern(
  new RegExp(`^(?:owner|assignee|all|role:${ROLE})$`),
  'owner, assignee, all or role:<role>',
).pipe(z.custom<Assignee | 'all'>());

export const PURPOSES = ['transactional', 'service', 'marketing'] as const;
const CLIENT_STATUSES = ['lead', 'booked', 'married', 'cancelled', 'archived'] as const;

/** Up to as many occurrences of one step. */
const MAX_TIMES = 100;

const Repeat = strict({
  every: Interval,
  times: z
    .int({ error: (issue) => `${shown(issue.input)} is not a whole number of times.` })
    .min(1, { error: 'Must be 1 or more.' })
    .max(MAX_TIMES, { error: `Must be ${MAX_TIMES} or less.` }),
  until: Condition.optional(),
});

const Approval = z.union(
  [
    z.literal('none'),
    strict({ ahead: Duration.optional(), deadline: Duration, fallback: oneOf(['send', 'skip', 'task']) }),
  ],
  {
    error: (issue) =>
      `${shown(issue.input)} is not known here: write none, or { ahead: { days: 2 }, deadline: { hours: 24 }, fallback: task }.`,
  },
);

/** A limit is a `when`; what is late or paid is no question for it. */
const Limit = When.superRefine((limit, context) => {
  for (const key of ['ifPast', 'whenPaid'] as const) {
    if (limit[key] !== undefined) context.addIssue({ ...notHere(key, 'a limit'), input: limit[key] });
  }
});

const common = {
  key: Key,
  name: text(120).optional(),
  when: When.optional(),
  in: strict({ step: Key, arm: oneOf(['yes', 'no']) }).optional(),
  onlyIf: Condition.optional(),
  stage: Key.optional(),
  onFailure: oneOf(['continue', 'stop', 'task']).optional(),
  /** Why it is sent; without effect on a step that sends nothing, of which validation warns. */
  purpose: oneOf(PURPOSES).optional(),
  repeat: Repeat.optional(),
};

/** `when` of a step that is never past and never paid. */
const PlainWhen = When.superRefine((when, context) => {
  for (const key of ['ifPast', 'whenPaid'] as const) {
    if (when[key] !== undefined) context.addIssue({ ...notHere(key, 'a condition, delay or wait'), input: when[key] });
  }
}).optional();

function notHere(key: 'ifPast' | 'whenPaid', what: string) {
  const because = key === 'ifPast' ? 'is never past: it simply runs' : 'does not ask for a payment';
  return {
    code: 'custom' as const,
    params: { code: 'not_here' },
    path: [key],
    message: `"${key}" cannot stand here: ${what} ${because}. Take it out.`,
  };
}

const message = {
  ...common,
  template: pattern(/^[A-Za-z0-9][A-Za-z0-9_./-]{0,79}$/, 'the name of a template'),
  to: Recipient.optional(),
  approval: Approval.optional(),
  ifUnknown: oneOf(['assume_sent', 'resend_once', 'ask']).optional(),
  onDateChange: oneOf(['keep', 'resend', 'task']).optional(),
};

const Email = strict({ type: z.literal('email'), ...message }).meta({ id: 'email' });
const Sms = strict({ type: z.literal('sms'), ...message }).meta({ id: 'sms' });
const WhatsApp = strict({ type: z.literal('whatsapp'), ...message }).meta({ id: 'whatsapp' });

const Notification = strict({
  type: z.literal('notification'),
  ...common,
  title: text(200),
  body: text(5_000).optional(),
  to: Audience.optional(),
}).meta({ id: 'notification' });

const Task = strict({
  type: z.literal('task'),
  ...common,
  title: text(200),
  notes: text(5_000).optional(),
  assignee: Assignee.optional(),
  due: Duration.optional(),
}).meta({ id: 'task' });

const Delay = strict({ type: z.literal('delay'), ...common, when: PlainWhen }).meta({ id: 'delay' });

const ConditionStep = strict({ type: z.literal('condition'), ...common, when: PlainWhen, test: Condition }).meta({
  id: 'condition_step',
});

const WaitFor = strict({
  type: z.literal('wait_for'),
  ...common,
  when: PlainWhen,
  event: EventName,
  match: Match.optional(),
  limit: Limit.optional(),
}).meta({ id: 'wait_for' });

const Webhook = strict({
  type: z.literal('webhook'),
  ...common,
  endpoint: text(80).optional(),
  url: z
    .string()
    .max(2_000, { error: 'Is too long for an address.' })
    .refine(isWebAddress, {
      error: (issue) => `${shown(issue.input)} is not an address such as "https://example.com/hook".`,
    })
    .optional(),
  payload: z.json({ error: 'Must be made of texts, numbers, true, false, null, lists and objects.' }).optional(),
  wait: strict({ for: oneOf(['accepted', 'value']), limit: Limit.optional() }).optional(),
})
  .refine((step) => (step.endpoint === undefined) !== (step.url === undefined), {
    params: { code: 'one_target' },
    error: 'Needs either an endpoint (set up under Developers) or a url, not both.',
  })
  .refine((step) => step.payload === undefined || JSON.stringify(step.payload).length <= 20_000, {
    path: ['payload'],
    error: 'Is larger than 20,000 characters.',
  })
  .meta({ id: 'webhook' });

const UpdateClient = strict({
  type: z.literal('update_client'),
  ...common,
  set: strict({
    status: oneOf(CLIENT_STATUSES).optional(),
    addTags: z.array(text(80)).min(1).max(20).optional(),
    removeTags: z.array(text(80)).min(1).max(20).optional(),
    custom: z
      .record(
        pattern(/^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$/, 'the name of a custom field'),
        z.union([z.string().max(2_000), z.number(), z.boolean(), z.null()]),
      )
      .optional(),
  }).refine((set) => Object.keys(set).length > 0, { error: 'Changes nothing: say what to set.' }),
}).meta({ id: 'update_client' });

function isWebAddress(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password } = new URL(url);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}

export const STEP_TYPES = [
  'email',
  'sms',
  'whatsapp',
  'notification',
  'task',
  'delay',
  'condition',
  'wait_for',
  'webhook',
  'update_client',
] as const;

export const Step = z.discriminatedUnion(
  'type',
  [Email, Sms, WhatsApp, Notification, Task, Delay, ConditionStep, WaitFor, Webhook, UpdateClient],
  {
    error: (issue) => {
      const type = (issue.input as { type?: unknown } | null)?.type;
      if (type === undefined) return `Needs a type: one of ${STEP_TYPES.join(', ')}.`;
      const known = oneOf(STEP_TYPES).safeParse(type);
      return known.success ? 'Is not a step.' : (known.error.issues[0]?.message ?? 'Is not a step.');
    },
  },
);

export type Step = z.infer<typeof Step>;
export type StepType = Step['type'];
export type MessageStep = Extract<Step, { type: 'email' | 'sms' | 'whatsapp' }>;
export type ConditionStep = Extract<Step, { type: 'condition' }>;
export type WaitForStep = Extract<Step, { type: 'wait_for' }>;
export type WebhookStep = Extract<Step, { type: 'webhook' }>;
export type UpdateClientStep = Extract<Step, { type: 'update_client' }>;
export type Repeat = z.infer<typeof Repeat>;
export type Approval = z.infer<typeof Approval>;
export type Limit = z.infer<typeof Limit>;

/** True for what goes to a person on a channel: `email`, `sms`, `whatsapp`. */
export function isMessage(step: Step): step is MessageStep {
  return step.type === 'email' || step.type === 'sms' || step.type === 'whatsapp';
}
