import type { FormDefinition, FormField } from './form-definition.ts';

/** An answer in the form's own types. */
export type Answer = string | number | boolean | string[] | Signature;

/** A name typed as a signature, with what shows later who did it and what was in front of them. */
export interface Signature {
  readonly name: string;
  readonly statement: string;
  readonly signedAt: string;
  readonly address: string;
  readonly browser: string;
}

export interface AnswerProblem {
  readonly key: string;
  readonly message: string;
}

export interface CheckedAnswers {
  /** Only those that are what they should be. */
  readonly answers: Record<string, Answer>;
  readonly problems: AnswerProblem[];
}

/** Who posts, for signatures. */
export interface Evidence {
  readonly at: Date;
  readonly address: string;
  readonly browser: string;
}

const LONGEST: Readonly<Partial<Record<FormField['type'], number>>> = {
  long_text: 10_000,
  address: 1_000,
  file: 2_000,
};

/**
 * Checks what was posted against the fields of the form; whatever else was posted is not looked at.
 *
 * @param texts what stands in each field; several where several boxes were ticked
 * @param isFinal a draft may leave out what is required
 */
export function checkAnswers(
  definition: FormDefinition,
  texts: ReadonlyMap<string, readonly string[]>,
  isFinal: boolean,
  evidence: Evidence,
): CheckedAnswers {
  const answers: Record<string, Answer> = {};
  const problems: AnswerProblem[] = [];
  for (const field of definition.fields) {
    const given = (texts.get(field.key) ?? []).map((text) => text.trim()).filter((text) => text !== '');
    if (given.length === 0) {
      if (isFinal && field.required)
        problems.push({ key: field.key, message: REQUIRED[field.type] ?? 'Please answer this.' });
      continue;
    }
    const checked = checkField(field, given, evidence);
    if (checked.ok) answers[field.key] = checked.answer;
    else problems.push({ key: field.key, message: checked.message });
  }
  return { answers, problems };
}

const REQUIRED: Readonly<Partial<Record<FormField['type'], string>>> = {
  choice: 'Please choose one.',
  choices: 'Please choose at least one.',
  yes_no: 'Please choose yes or no.',
  signature: 'Please type your name to sign.',
};

type Checked = { ok: true; answer: Answer } | { ok: false; message: string };

function checkField(field: FormField, given: readonly string[], evidence: Evidence): Checked {
  if (field.type === 'choices') return choices(field, given);
  const [text = ''] = given;
  if (given.length > 1) return no('This was answered more than once.');
  // oxlint-disable-next-line no-control-regex -- these are what is refused
  if (/[\0-\x08\x0b\x0c\x0e-\x1f]/.test(text)) return no('This holds a character that cannot be kept.');
  const longest = field.maxLength ?? LONGEST[field.type] ?? 500;
  if (text.length > longest) return no(`This has at most ${longest} characters.`);
  switch (field.type) {
    case 'text':
    case 'long_text':
    case 'address':
      return yes(text);
    case 'email':
      return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) && text.length <= 320
        ? yes(text.toLowerCase())
        : no('This is not an email address. It should look like name@example.com.');
    case 'phone':
      return /^\+?[0-9][0-9 ().-]{4,28}[0-9]$/.test(text) ? yes(text) : no('This is not a telephone number.');
    case 'date':
      return isDate(text) ? yes(text) : no('This is not a date. Choose one, or write it as 2027-06-12.');
    case 'time':
      return /^([01]\d|2[0-3]):[0-5]\d$/.test(text) ? yes(text) : no('This is not a time. Write it as 15:30.');
    case 'number':
      return number(field, text);
    case 'choice':
      return field.options?.includes(text) === true ? yes(text) : no('Please choose one of the answers.');
    case 'yes_no':
      return text === 'yes' || text === 'no' ? yes(text === 'yes') : no('Please choose yes or no.');
    case 'file':
      return URL.parse(text)?.protocol === 'https:'
        ? yes(text)
        : no('Give the link of the file, beginning with https://.');
    case 'signature':
      return yes(signature(field, text, evidence));
    default:
      throw new Error(`Unknown field type ${String(field.type satisfies never)}`);
  }
}

function choices(field: FormField, given: readonly string[]): Checked {
  const chosen = [...new Set(given)];
  const isOurs = chosen.every((option) => field.options?.includes(option) === true);
  return isOurs ? yes(chosen) : no('Please choose among the answers.');
}

function number(field: FormField, text: string): Checked {
  const plain = text.replace(/^(\d{1,3}(?:,\d{3})+)(?=\.|$)/, (whole) => whole.replaceAll(',', ''));
  if (!/^-?\d{1,12}(\.\d{1,6})?$/.test(plain)) return no('This is not a number.');
  const value = Number(plain);
  if (field.min !== undefined && value < field.min) return no(`This is ${field.min} or more.`);
  if (field.max !== undefined && value > field.max) return no(`This is ${field.max} or less.`);
  return yes(value);
}

function isDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function signature({ statement = '' }: FormField, name: string, { at, address, browser }: Evidence): Signature {
  return { name, statement, signedAt: at.toISOString(), address, browser: browser.slice(0, 300) };
}

const yes = (answer: Answer): Checked => ({ ok: true, answer });
const no = (message: string): Checked => ({ ok: false, message });
