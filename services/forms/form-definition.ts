import { z } from 'zod';

const key = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, 'is made of small letters, digits and _, a letter first');
const label = z.string().trim().min(1).max(300);

const FIELD_TYPES = [
  'text',
  'long_text',
  'email',
  'phone',
  'date',
  'time',
  'number',
  'choice',
  'choices',
  'yes_no',
  'address',
  'file',
  'signature',
] as const;

const fieldSchema = z
  .strictObject({
    key,
    label,
    type: z.enum(FIELD_TYPES),
    required: z.boolean().default(false),
    /** Shown under the label. */
    help: z.string().max(1_000).optional(),
    /** Of a choice. */
    options: z.array(label).min(1).max(100).optional(),
    /** Of a number, both included. */
    min: z.number().optional(),
    max: z.number().optional(),
    maxLength: z.int().min(1).max(20_000).optional(),
    /** The common field that fills this one before, and is filled by it afterwards. */
    core: key.optional(),
    /** What is signed. */
    statement: z.string().min(1).max(5_000).optional(),
  })
  .superRefine((field, context) => {
    const complain = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    const isChoice = field.type === 'choice' || field.type === 'choices';
    if (isChoice && field.options === undefined) complain('options', 'a choice needs its options');
    if (!isChoice && field.options !== undefined) complain('options', 'only a choice has options');
    if (new Set(field.options).size !== (field.options?.length ?? 0)) complain('options', 'two options are the same');
    if (field.type === 'signature' && field.statement === undefined) complain('statement', 'says what is signed');
    if (field.type !== 'signature' && field.statement !== undefined) complain('statement', 'only a signature has one');
    if (field.core !== undefined && (field.type === 'signature' || field.type === 'file')) {
      complain('core', `a ${field.type} fills no common field`);
    }
    if ((field.min !== undefined || field.max !== undefined) && field.type !== 'number') {
      complain('min', 'only a number has bounds');
    }
    if (field.min !== undefined && field.max !== undefined && field.min > field.max) complain('max', 'is below min');
  });
export type FormField = z.output<typeof fieldSchema>;

/** A form as a supplier publishes it; a published version is never changed. */
export const formDefinitionSchema = z
  .strictObject({
    title: label,
    intro: z.string().max(5_000).optional(),
    /** What is shown after it was sent. */
    thanks: z.string().max(5_000).optional(),
    fields: z.array(fieldSchema).min(1).max(100),
  })
  .superRefine((form, context) => {
    const seen = new Set<string>();
    for (const [index, field] of form.fields.entries()) {
      if (seen.has(field.key)) {
        context.addIssue({ code: 'custom', path: ['fields', index, 'key'], message: `"${field.key}" is there twice` });
      }
      seen.add(field.key);
    }
  });
export type FormDefinition = z.output<typeof formDefinitionSchema>;
