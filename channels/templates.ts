import type { Liquid } from 'liquidjs';
import { htmlToPlainText } from './html-to-plain-text.ts';
import { emptyGroups } from './variable-catalogue.ts';
import { createLiquidEngine, TEMPLATE_LIMITS } from './liquid-engine.ts';

/** What is rendered: for email the body is compiled HTML, for the others text; see `compileTemplate`. */
export type RenderableTemplate = {
  channel: 'email' | 'sms' | 'whatsapp';
  subject?: string | undefined;
  body: string;
  /** BCP 47; names of days and months are written in it. en-GB by default. */
  locale?: string | undefined;
  /** What `render` may name: header, footer, signature. */
  partials?: Readonly<Record<string, string>> | undefined;
};

export type RenderedTemplate =
  | { ok: true; subject: string; html?: string; text: string }
  | {
      ok: false;
      code: 'missing_variables' | 'template_invalid' | 'too_expensive';
      /** The variables without a value, each once, in order of use. */
      missing: string[];
      /** One sentence for a person. Holds no value of a variable. */
      detail: string;
    };

/**
 * Renders a template with the values of one couple.
 *
 * A variable without a value (absent, null or empty text) blocks the message and is named, unless the template gives a
 * fallback: `{{ wedding.venue | default: "your venue" }}`. Civil dates (`2027-06-12`) are the same day in every zone.
 *
 * @param variables plain data only; functions and class instances do not survive
 * @param limitMs how long each part may take; looked at between two nodes of the template (`createTemplateRenderer`
 *   holds it against everything)
 */
export function renderTemplate(
  template: RenderableTemplate,
  variables: Record<string, unknown>,
  limitMs = TEMPLATE_LIMITS.renderMs,
): RenderedTemplate {
  if (Object.values(template.partials ?? {}).some((part) => /\{%-?\s*render\b/.test(part))) return NESTED_PARTS;
  const given = withoutEmpty(JSON.parse(JSON.stringify(variables)) as Record<string, unknown>);
  const scope = merged(emptyGroups(), given);
  const text = createLiquidEngine('text', template.locale, template.partials);
  const subject = renderPart(text, template.subject ?? '', scope, limitMs);
  const isEmail = template.channel === 'email';
  const bodyEngine = isEmail ? createLiquidEngine('html', template.locale, template.partials) : text;
  const body = renderPart(bodyEngine, template.body, scope, limitMs);
  if (!subject.ok || !body.ok) return failureOf([subject, body]);
  const line = subject.output.replaceAll(/\s+/g, ' ').trim();
  if (!isEmail) return { ok: true, subject: line, text: body.output.trim() };
  return { ok: true, subject: line, html: body.output, text: htmlToPlainText(body.output) };
}

/** The answer for a template that would take too much time or memory. */
export const TOO_EXPENSIVE: Extract<RenderedTemplate, { ok: false }> = {
  ok: false,
  code: 'too_expensive',
  missing: [],
  detail: 'The template takes too long or grows too large. Take out loops and long repetitions.',
};

// One that contained itself would never end.
const NESTED_PARTS: Extract<RenderedTemplate, { ok: false }> = {
  ok: false,
  code: 'template_invalid',
  missing: [],
  detail: 'The template is not valid: a part (header, footer, signature) may not use other parts.',
};

type Part = { ok: true; output: string } | { ok: false; missing: string[]; errors: string[] };

function renderPart(engine: Liquid, source: string, scope: Record<string, unknown>, renderLimit: number): Part {
  try {
    const output = String(engine.parseAndRenderSync(source, scope, { globals: scope, renderLimit }));
    if (output.length > TEMPLATE_LIMITS.outputChars)
      return { ok: false, missing: [], errors: ['output limit exceeded'] };
    return { ok: true, output };
  } catch (error) {
    const errors = singleErrors(error);
    const missing = errors.flatMap((message) => /^undefined variable: ([^,\n]+)/.exec(message)?.[1] ?? []);
    return { ok: false, missing, errors: errors.filter((message) => !message.startsWith('undefined variable: ')) };
  }
}

function singleErrors(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const { errors } = error as Error & { errors?: unknown };
  if (Array.isArray(errors)) return errors.flatMap(singleErrors);
  const original = (error as Error & { originalError?: unknown }).originalError;
  return [original instanceof Error ? original.message : error.message];
}

function failureOf(parts: Part[]): Extract<RenderedTemplate, { ok: false }> {
  const failed = parts.filter((part) => !part.ok);
  const errors = failed.flatMap((part) => part.errors);
  const missing = [...new Set(failed.flatMap((part) => part.missing))];
  const first = errors[0];
  if (first === undefined) {
    const detail = `The template needs ${missing.join(', ')}, which this couple has no value for.`;
    return { ok: false, code: 'missing_variables', missing, detail };
  }
  if (/limit exceeded|Maximum call stack/.test(first)) {
    return { ...TOO_EXPENSIVE, missing };
  }
  return { ok: false, code: 'template_invalid', missing, detail: `The template is not valid: ${first}` };
}

function merged(base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const result = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    result[key] = isGroup(below) && isGroup(value) ? merged(below, value) : value;
  }
  return result;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Leaves out what has no value, because Liquid would let a null through as empty text. */
function withoutEmpty(value: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
    if (item === null || item === undefined || (typeof item === 'string' && item.trim() === '')) return [];
    if (isGroup(item)) return [[key, withoutEmpty(item)]];
    return [[key, item]];
  });
  return Object.fromEntries(entries);
}
