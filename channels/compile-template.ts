import { withDarkMode } from './dark-mode.ts';
import type { TemplateProblem, TemplateSource } from './template-file.ts';

/** A template ready to be rendered: for email the body is HTML with Liquid inside. */
export type CompiledTemplate = TemplateSource;

/**
 * Turns MJML into HTML, once, when a template is published; what Liquid says stays in it and is rendered per message.
 * A body that is not MJML is given back as it is. Of a part (a section or more) what stands inside the mail is given,
 * without the mail around it.
 */
export async function compileTemplate(
  source: TemplateSource,
): Promise<{ ok: true; template: CompiledTemplate } | { ok: false; problems: TemplateProblem[] }> {
  const isPart = source.kind === 'part';
  const isMjml = isPart ? /^\s*<mj(?:ml|-\w+)[\s>]/i : /^\s*<mjml[\s>]/i;
  if (source.channel !== 'email' || !isMjml.test(source.body)) return { ok: true, template: source };
  const layout =
    isPart && !/^\s*<mjml/i.test(source.body) ? `<mjml><mj-body>${source.body}</mj-body></mjml>` : source.body;
  try {
    // Loaded only when there is MJML: it takes a third of a second, which a text message need not wait for.
    const { default: mjml2html } = await import('mjml');
    const { html, errors } = await mjml2html(layout, {
      validationLevel: 'strict',
      keepComments: false,
      fonts: {},
    });
    if (errors.length > 0)
      return { ok: false, problems: errors.map((error) => problem(`line ${error.line}: ${error.message}`)) };
    return { ok: true, template: { ...source, body: isPart ? insideOf(html) : withDarkMode(html) } };
  } catch (error) {
    return { ok: false, problems: [problem(error instanceof Error ? error.message : String(error))] };
  }
}

/** What stands inside of the body's outermost element, which is the mail that the part will be put into. */
function insideOf(html: string): string {
  const [, inside = ''] = /<body[^>]*>\s*<div[^>]*>([\s\S]*)<\/div>\s*<\/body>/i.exec(html) ?? [];
  return inside.trim();
}

function problem(message: string): TemplateProblem {
  return { code: 'mjml_invalid', path: 'body', message };
}
