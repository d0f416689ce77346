import { keepAnswers, loadOpenForm, putCoreField, type FormLink, type OpenForm } from '../../db/forms.ts';
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
  const isDone = isFinal && problems.length === 0;
  const kept = { formId: link.formId, formVersionId: open.formVersionId, clientId: link.clientId, answers };
  const isKept = await keepAnswers(trx, { ...kept, isFinal: isDone });
  if (!isKept) return { kind: 'already_submitted', view };
  if (problems.length > 0) return { kind: 'problems', view, problems };
  if (!isDone) return { kind: 'saved' };
  await fillCoreFields(trx, link.clientId, view.definition, answers);
  return { kind: 'submitted' };
}

/** What the form asked about the wedding itself is known to the couple's other suppliers from now on. */
export async function fillCoreFields(
  trx: Trx,
  clientId: string,
  definition: FormDefinition,
  answers: Readonly<Record<string, Answer>>,
): Promise<void> {
  for (const { key, core } of definition.fields) {
    const value = answers[key];
    if (core !== undefined && value !== undefined) {
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
