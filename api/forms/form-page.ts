import type { AnswerProblem } from '../../services/forms/check-answers.ts';
import type { FormField } from '../../services/forms/form-definition.ts';
import type { FormView } from '../../services/forms/answer-form.ts';
import { html, type Html } from '../html.ts';
import { FORM_STYLE } from './form-style.ts';

export interface FormPageState {
  readonly problems?: readonly AnswerProblem[];
  /** What was typed, also where it was wrong; else what was answered before. */
  readonly typed?: ReadonlyMap<string, readonly string[]>;
  readonly isSaved?: boolean;
}

/** The form itself. It needs no JavaScript: everything is a plain form with labels, groups and a summary of faults. */
export function formPage(view: FormView, nonce: string, { problems = [], typed, isSaved }: FormPageState = {}): string {
  const { definition, organizationName } = view;
  const messages = new Map(problems.map(({ key, message }) => [key, message]));
  const textsOf = (field: FormField): readonly string[] => typed?.get(field.key) ?? asTexts(view.answers[field.key]);
  const title = problems.length > 0 ? `Please check: ${definition.title}` : definition.title;
  return page(
    title,
    nonce,
    html`<p class="from">${organizationName}</p>
      <h1>${definition.title}</h1>
      ${problems.length > 0 && summary(view, problems)}
      ${
        isSaved === true &&
        html`<div class="notice" role="status">
          <h2>Saved</h2>
          What you wrote is kept. Come back by the same link whenever you like.
        </div>`
      }
      ${definition.intro !== undefined && html`<p>${definition.intro}</p>`}
      <form method="post" novalidate>
        ${definition.fields.map((field) => fieldHtml(field, textsOf(field), messages.get(field.key)))}
        <div class="buttons">
          <button class="main" name="_action" value="submit">Send</button>
          <button name="_action" value="save">Save and finish later</button>
        </div>
      </form>`,
  );
}

/** What was sent, for reading. */
export function sentPage(view: FormView, nonce: string): string {
  const { definition, organizationName, answers, submittedAt } = view;
  const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(
    submittedAt ?? new Date(0),
  );
  const shown = definition.fields.filter(({ key }) => asTexts(answers[key]).length > 0);
  return page(
    definition.title,
    nonce,
    html`<p class="from">${organizationName}</p>
      <h1>${definition.title}</h1>
      <div class="notice" role="status">
        <h2>Thank you</h2>
        ${definition.thanks ?? 'Your answers have arrived.'}
      </div>
      <p>Sent on ${day}. To change something, please write to ${organizationName}.</p>
      <dl>
        ${shown.map(
          (field) =>
            html`<dt>${field.label}</dt>
              <dd>${asTexts(answers[field.key]).join('\n')}</dd>`,
        )}
      </dl>`,
  );
}

/** A page with one message, such as that a link is no longer good. */
export function formNotice(title: string, text: string, nonce: string): string {
  return page(
    title,
    nonce,
    html`<h1>${title}</h1>
      <p>${text}</p>`,
  );
}

function page(title: string, nonce: string, body: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <style nonce="${nonce}">
          ${{ html: FORM_STYLE }}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html>`.html;
}

function summary({ definition }: FormView, problems: readonly AnswerProblem[]): Html {
  const labelOf = (key: string): string => definition.fields.find((field) => field.key === key)?.label ?? key;
  return html`<div class="summary" role="alert" aria-labelledby="summary-title">
    <h2 id="summary-title">
      ${problems.length === 1 ? 'One answer needs a look' : `${problems.length} answers need a look`}
    </h2>
    <ul>
      ${problems.map(({ key, message }) => html`<li><a href="#f-${key}">${labelOf(key)}</a>: ${message}</li>`)}
    </ul>
  </div>`;
}

function fieldHtml(field: FormField, texts: readonly string[], problem: string | undefined): Html {
  const { key, label, required, help } = field;
  const caption = html`${label}${!required && html` <span class="optional">(optional)</span>`}`;
  const described = [
    help !== undefined && `h-${key}`,
    field.statement !== undefined && `s-${key}`,
    problem !== undefined && `e-${key}`,
  ].filter((id) => id !== false);
  const attributes = html`${described.length > 0 && html` aria-describedby="${described.join(' ')}"`}${
    problem !== undefined && html` aria-invalid="true"`
  }${required && html` aria-required="true"`}`;
  const above = help !== undefined && html`<p class="help" id="h-${key}">${help}</p>`;
  const below = problem !== undefined && html`<p class="wrong" id="e-${key}">${problem}</p>`;
  const options = optionsOf(field);
  if (options !== null) {
    const type = field.type === 'choices' ? 'checkbox' : 'radio';
    const boxes = options.map(
      ([value, text], index) =>
        html`<label class="option"
          ><input
            type="${type}"
            name="${key}"
            value="${value}"
            ${index === 0 && html` id="f-${key}"`}${texts.includes(value) && html` checked`}
          />
          ${text}</label
        >`,
    );
    // ARIA knows no required or invalid fieldset; a radio group is one.
    const role =
      type === 'radio'
        ? html` role="radiogroup"${attributes}`
        : html`${described.length > 0 && html` aria-describedby="${described.join(' ')}"`}`;
    return html`<fieldset class="field" ${role}>
      <legend>${caption}</legend>
      ${above}${boxes}${below}
    </fieldset>`;
  }
  const [text = ''] = texts;
  return html`<div class="field">
    <label for="f-${key}">${caption}</label>${above}
    ${field.statement !== undefined && html`<p class="statement" id="s-${key}">${field.statement}</p>`}
    ${control(field, text, attributes)}${below}
  </div>`;
}

function optionsOf(field: FormField): (readonly [string, string])[] | null {
  if (field.type === 'yes_no') return [['yes', 'Yes'] as const, ['no', 'No'] as const];
  return field.options?.map((option) => [option, option] as const) ?? null;
}

function control({ key, type, maxLength }: FormField, text: string, attributes: Html): Html {
  const limit = maxLength !== undefined && html` maxlength="${maxLength}"`;
  if (type === 'long_text' || type === 'address') {
    const fill = type === 'address' && html` autocomplete="street-address"`;
    // The line break after the tag is the parser's; without it one of the couple's own would be lost.
    return html`<textarea id="f-${key}" name="${key}" rows="5" ${limit}${fill}${attributes}>${text}</textarea>`;
  }
  return html`<input
    id="f-${key}"
    name="${key}"
    value="${text}"
    ${{ html: INPUTS[type] ?? ' type="text"' }}${limit}${attributes}
  />`;
}

const INPUTS: Readonly<Partial<Record<FormField['type'], string>>> = {
  email: ' type="email" autocomplete="email" inputmode="email"',
  phone: ' type="tel" autocomplete="tel"',
  date: ' type="date"',
  time: ' type="time"',
  number: ' type="text" inputmode="decimal"',
  file: ' type="url" inputmode="url" placeholder="https://"',
  signature: ' type="text" autocomplete="name"',
};

/** An answer as it stands in a field. */
function asTexts(answer: unknown): readonly string[] {
  if (answer === undefined || answer === null) return [];
  if (typeof answer === 'boolean') return [answer ? 'yes' : 'no'];
  if (typeof answer === 'string' || typeof answer === 'number') return [String(answer)];
  if (Array.isArray(answer)) return answer.map(String);
  return typeof answer === 'object' && 'name' in answer && typeof answer.name === 'string' ? [answer.name] : [];
}
