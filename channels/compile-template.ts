import type { TemplateProblem, TemplateSource } from './template-file.ts';

/** A template ready to be rendered: for email the body is HTML with Liquid inside. */
export type CompiledTemplate = TemplateSource;

/**
 * Turns MJML into HTML, once, when a template is published; what Liquid says stays in it and is rendered per message.
 * A body that is not MJML is given back as it is.
 */
export async function compileTemplate(
  source: TemplateSource,
): Promise<{ ok: true; template: CompiledTemplate } | { ok: false; problems: TemplateProblem[] }> {
  if (source.channel !== 'email' || !/^\s*<mjml[\s>]/i.test(source.body)) return { ok: true, template: source };
  try {
    // Loaded only when there is MJML: it takes a third of a second, which a text message need not wait for.
    const { default: mjml2html } = await import('mjml');
    const { html, errors } = await mjml2html(source.body, {
      validationLevel: 'strict',
      keepComments: false,
      fonts: {},
    });
    if (errors.length > 0)
      return { ok: false, problems: errors.map((error) => problem(`line ${error.line}: ${error.message}`)) };
    return { ok: true, template: { ...source, body: html } };
  } catch (error) {
    return { ok: false, problems: [problem(error instanceof Error ? error.message : String(error))] };
  }
}

function problem(message: string): TemplateProblem {
  return { code: 'mjml_invalid', path: 'body', message };
}
