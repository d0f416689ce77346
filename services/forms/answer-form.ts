import {
  keepAnswers,
  loadOpenForm,
  putCoreField,
  type FormLink,
  type KeptAnswers,
  type OpenForm,
} from '../../db/forms.ts';
import { orRefused } from '../../db/or-refused.ts';
import type { Trx } from '../../db/tenant.ts';
import { checkAnswers, type Answer, type AnswerProblem, type Evidence } from './check-answers.ts';
import { formDefinitionSchema, type FormDefinition } from './form-definition.ts';

/** A form as a couple sees it: with what it answered before, or what is known already. */
export interface FormView {
  readonly organizationName: string;
  readonly definition: FormDefinition;
  readonly answers: Readonly<Record<string, unknown>>;
  readonly submittedAt: Date | null;
}

export type AnswerOutcome =
  | { kind: 'submitted' }
  | { kind: 'saved' }
  /** What was right has been saved. */
  | { kind: 'problems'; view: FormView; problems: readonly AnswerProblem[] }
  /** All was right and has been saved, but the organization cannot take it: its subscription has no room. */
  | { kind: 'not_taken'; view: FormView }
  | { kind: 'already_submitted'; view: FormView }
  | { kind: 'closed' };

/** The form behind a link. Null where it was withdrawn. */
export async function viewForm(trx: Trx, link: FormLink): Promise<FormView | null> {
  const open = await loadOpenForm(trx, link);
  return open === null ? null : viewOf(open);
}

/**
 * Takes the couple's answers: a draft keeps what is right so far; a final one must be complete, writes the common
 * fields that the form fills, and tells the journeys by its row.
 */
export async function answerForm(
  trx: Trx,
  link: FormLink,
  texts: ReadonlyMap<string, readonly string[]>,
  isFinal: boolean,
  evidence: Evidence,
): Promise<AnswerOutcome> {
  const open = await loadOpenForm(trx, link);
  if (open === null) return { kind: 'closed' };
  const view = viewOf(open);
  if (view.submittedAt !== null) return { kind: 'already_submitted', view };
  const { answers, problems } = checkAnswers(view.definition, texts, isFinal, evidence);
  const kept = { formId: link.formId, formVersionId: open.formVersionId, clientId: link.clientId };
  if (isFinal && problems.length === 0) {
    const sent = await submit(trx, { ...kept, answers }, view.definition);
    if (sent === true) return { kind: 'submitted' };
    if (sent === false) return { kind: 'already_submitted', view };
    if (sent === 'not_taken') {
      await keepAnswers(trx, { ...kept, answers, isFinal: false });
      return { kind: 'not_taken', view };
    }
    problems.push(sent);
    delete answers[sent.key];
  }
  const isKept = await keepAnswers(trx, { ...kept, answers, isFinal: false });
  if (!isKept) return { kind: 'already_submitted', view };
  return problems.length > 0 ? { kind: 'problems', view, problems } : { kind: 'saved' };
}

/**
 * Takes complete answers, or nothing of them: the database knows more rules of the common fields than a form does.
 *
 * @returns false where they were taken before; the problem where one of them is refused; a word where it is none of them
 */
async function submit(
  trx: Trx,
  given: Omit<KeptAnswers, 'isFinal'> & { readonly answers: Readonly<Record<string, Answer>> },
  definition: FormDefinition,
): Promise<boolean | 'not_taken' | AnswerProblem> {
  let key: string | null = null;
  const sent = await orRefused(trx, async () => {
    if (!(await keepAnswers(trx, { ...given, isFinal: true }))) return false;
    await fillCoreFields(trx, given.clientId, definition, given.answers, (field) => {
      key = field;
    });
    return true;
  });
  if (sent.ok) return sent.result;
  return key === null ? 'not_taken' : { key, message: sent.problem.message };
}

/**
 * What the form asked about the wedding itself is known to the couple's other suppliers from now on.
 *
 * @param onField hears of each question before its answer is written
 */
export async function fillCoreFields(
  trx: Trx,
  clientId: string,
  definition: FormDefinition,
  answers: Readonly<Record<string, Answer>>,
  onField?: (key: string) => void,
): Promise<void> {
  for (const { key, core } of definition.fields) {
    const value = answers[key];
    if (core !== undefined && value !== undefined) {
      onField?.(key);
      await putCoreField(trx, { clientId, key: core, value, source: 'form' });
    }
  }
}

function viewOf({ organizationName, definition, submission, core }: OpenForm): FormView {
  const parsed = formDefinitionSchema.parse(definition);
  const known = parsed.fields.flatMap((field) => {
    const value = field.core === undefined ? undefined : core[field.core];
    return value === undefined ? [] : [[field.key, value] as const];
  });
  const answers = { ...Object.fromEntries(known), ...submission?.answers };
  const submittedAt = submission?.status === 'submitted' ? (submission.submittedAt ?? new Date(0)) : null;
  return { organizationName, definition: parsed, answers, submittedAt };
}
