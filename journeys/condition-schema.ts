// Conditions: a comparison of one field, or `all`, `any`, `not` of conditions.
import { z } from 'zod';
import { clip } from './problem.ts';
import { didYouMean } from './did-you-mean.ts';
import { isRealDate, shown } from './words.ts';

/** The fields that can be compared; `<...>` stands for a name chosen by the supplier. */
const CONDITION_FIELDS = [
  'client.status',
  'client.tags',
  'client.postponed',
  'client.custom.<name>',
  'client.dates.<name>',
  'wedding.date',
  'wedding.daysAway',
  'payment.<kind>.status',
  'form.<form>.status',
  'form.<form>.answers.<field>',
  'core.<field>',
  'consent.<channel>.<purpose>',
  'contact.email',
  'contact.phone',
  'trigger.<name>',
  'step.<key>.state',
  'step.<key>.outcome',
  'message.<key>.status',
  'message.<key>.replied',
] as const;

const WORD = '[A-Za-z0-9_-]{1,80}';
/** Answers, core fields and trigger details come from other systems, which nest their names with dots. */
const DOTTED = '[A-Za-z0-9_-]{1,80}(?:\\.[A-Za-z0-9_-]{1,80}){0,4}';
const KEY = '[a-z][a-z0-9_]{0,39}';
const FIELD_PATTERN = new RegExp(
  `^(?:client\\.(?:status|tags|postponed|custom\\.${DOTTED}|dates\\.${WORD})|wedding\\.(?:date|daysAway)|` +
    `payment\\.${WORD}\\.status|form\\.${WORD}\\.(?:status|answers\\.${DOTTED})|core\\.${DOTTED}|` +
    `consent\\.(?:email|sms|whatsapp)\\.(?:transactional|service|marketing)|contact\\.(?:email|phone)|` +
    `trigger\\.${DOTTED}|step\\.${KEY}\\.(?:state|outcome)|message\\.${KEY}\\.(?:status|replied))$`,
);

function unknownField(input: unknown): string {
  const meant = typeof input === 'string' ? didYouMean(input, CONDITION_FIELDS) : null;
  const hint = meant ? ` Did you mean "${meant}"?` : ` Known are ${CONDITION_FIELDS.join(', ')}.`;
  return `${shown(input)} is not a field that can be compared.${hint}`;
}

const Field = z
  .string({ error: (issue) => unknownField(issue.input) })
  .max(250, { error: 'Is too long for the name of a field.' })
  .regex(FIELD_PATTERN, { error: (issue) => unknownField(issue.input) });

const Scalar = z.union([z.string().max(500), z.number(), z.boolean()], {
  error: (issue) =>
    `${shown(issue.input)} cannot be compared: write a text (up to 500 characters), a number, true or false.`,
});

const Point = z
  .string({ error: (issue) => `${shown(issue.input)} is not a date such as "2027-06-12".` })
  .refine((text) => isRealDate(text.slice(0, 10)) && (text.length === 10 || !Number.isNaN(Date.parse(text))), {
    error: (issue) => `${shown(issue.input)} is not a date such as "2027-06-12", or not in the calendar.`,
  });

const Amount = z.number({ error: (issue) => `${shown(issue.input)} is not a number.` });

const OPERATORS = ['is', 'isNot', 'in', 'has', 'gt', 'gte', 'lt', 'lte', 'before', 'after', 'isSet'] as const;
const CONDITION_KEYS: readonly string[] = ['field', ...OPERATORS, 'all', 'any', 'not'];

type Scalar = z.infer<typeof Scalar>;

/** One field compared by exactly one operator. A missing value makes every comparison false. */
export type Comparison = {
  field: string;
  is?: Scalar | undefined;
  isNot?: Scalar | undefined;
  in?: Scalar[] | undefined;
  has?: Scalar | undefined;
  gt?: number | undefined;
  gte?: number | undefined;
  lt?: number | undefined;
  lte?: number | undefined;
  before?: string | undefined;
  after?: string | undefined;
  isSet?: boolean | undefined;
};
export type Condition = Comparison | { all: Condition[] } | { any: Condition[] } | { not: Condition };

/** How deep `all`, `any` and `not` may stand inside each other. */
const MAX_DEPTH = 10;
const MAX_PARTS = 50;

export const Comparison = z
  .strictObject({
    field: Field,
    is: Scalar.optional(),
    isNot: Scalar.optional(),
    in: z
      .array(Scalar)
      .min(1, { error: 'Needs at least one value.' })
      .max(100, { error: 'At most 100 values.' })
      .optional(),
    has: Scalar.optional(),
    gt: Amount.optional(),
    gte: Amount.optional(),
    lt: Amount.optional(),
    lte: Amount.optional(),
    before: Point.optional(),
    after: Point.optional(),
    isSet: z.boolean({ error: 'Must be true or false.' }).optional(),
  })
  .meta({ minProperties: 2, maxProperties: 2 });

/**
 * Parsed by the key that is there, not by trying each form: so a slip in a comparison is told as what it is, and a deep
 * condition costs one walk.
 */
export const Condition: z.ZodType<Condition> = z.custom<Condition>().superRefine((input, context) => {
  checkCondition(input, [], 1, (path, code, message) =>
    context.addIssue({ code: 'custom', params: { code }, path, message, input }),
  );
});

type Tell = (path: PropertyKey[], code: string, message: string) => void;

function checkCondition(input: unknown, path: PropertyKey[], depth: number, tell: Tell): void {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return tell(path, 'invalid_type', `${shown(input)} is not a condition such as { field: client.tags, has: album }.`);
  }
  if (depth > MAX_DEPTH)
    return tell(path, 'too_deep', `Conditions may stand ${MAX_DEPTH} levels deep; take levels out.`);
  const condition = input as Record<string, unknown>;
  const keys = Object.keys(condition);
  const group = keys.find((key) => key === 'all' || key === 'any' || key === 'not');
  if (group === undefined) return checkComparison(condition, keys, path, tell);
  if (keys.length > 1) {
    return tell(
      path,
      'one_form',
      `"${group}" stands alone: put "${clip(keys.find((key) => key !== group) ?? '')}" inside it.`,
    );
  }
  if (group === 'not') return checkCondition(condition[group], [...path, group], depth + 1, tell);
  const parts = condition[group];
  if (!Array.isArray(parts) || parts.length === 0 || parts.length > MAX_PARTS) {
    return tell([...path, group], 'invalid_type', `"${group}" needs a list of 1 to ${MAX_PARTS} conditions.`);
  }
  for (const [index, part] of parts.entries()) checkCondition(part, [...path, group, index], depth + 1, tell);
}

function checkComparison(condition: Record<string, unknown>, keys: string[], path: PropertyKey[], tell: Tell): void {
  const unknown = keys.find((key) => !CONDITION_KEYS.includes(key));
  if (unknown !== undefined) {
    const meant = didYouMean(unknown, CONDITION_KEYS);
    const hint = meant ? `did you mean "${meant}"?` : `Known are ${CONDITION_KEYS.join(', ')}.`;
    return tell(path, 'unknown_key', `"${clip(unknown)}" is not known here: ${hint}`);
  }
  const result = Comparison.safeParse(condition);
  if (!result.success) {
    for (const issue of result.error.issues) tell([...path, ...issue.path], issue.code, issue.message);
    return;
  }
  if (keys.length !== 2) {
    tell(path, 'one_operator', `Compare the field with exactly one of ${OPERATORS.join(', ')}.`);
  }
}
