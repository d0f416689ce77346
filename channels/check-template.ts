import type { AttachedFile } from './attached-file.ts';
import { compileTemplate, type CompiledTemplate } from './compile-template.ts';
import { checkAttachments } from './template-checks/check-attachments.ts';
import { checkHtml, checkLinks } from './template-checks/check-html.ts';
import { checkLegibility } from './template-checks/check-legibility.ts';
import { checkLiquid } from './template-checks/check-liquid.ts';
import { checkMjml } from './template-checks/check-mjml.ts';
import { checkText } from './template-checks/check-text.ts';
import { error, warning, type Finding } from './template-checks/finding.ts';
import type { TemplateSource } from './template-file.ts';
import type { TemplateRenderer } from './template-renderer.ts';
import type { RenderedTemplate } from './templates.ts';
import { findVariable, sampleVariables } from './variable-catalogue.ts';

export type TemplateCheck = {
  /** True where nothing forbids publishing it. */
  ok: boolean;
  findings: Finding[];
  /** Present where it could be compiled. */
  compiled?: CompiledTemplate;
  /** The variables it uses, as stored beside a template. */
  variables: string[];
  /** What a sample couple would get. */
  sample?: Extract<RenderedTemplate, { ok: true }>;
};

export type CheckOptions = {
  renderer: TemplateRenderer;
  /** Marketing needs a way to unsubscribe; absent where the template may be used for anything. */
  purpose?: 'transactional' | 'service' | 'marketing';
  /** The parts it may put in, compiled, by name. */
  partials?: Readonly<Record<string, string>>;
  /** The files that it brings along. */
  attachments?: readonly AttachedFile[];
};

const LONG_SUBJECT = 78;

/** Everything that is to be said about a template before it is published, for a supplier who is no programmer. */
export async function checkTemplate(source: TemplateSource, options: CheckOptions): Promise<TemplateCheck> {
  const { partials = {}, purpose, renderer, attachments = [] } = options;
  const mode = source.channel === 'email' ? 'html' : 'text';
  const body = checkLiquid('body', source.body, mode, partials);
  const subject = checkLiquid('subject', source.subject ?? '', 'text');
  const variables = [...new Set([...subject.variables, ...body.variables])];
  const findings = [...subject.findings, ...body.findings, ...checkUse(source, variables, purpose)];

  const compiled = await compileTemplate(source);
  if (!compiled.ok) {
    findings.push(
      ...compiled.problems.map(({ code, path, message }) => error(code, path, `The layout is not valid: ${message}`)),
    );
    return { ok: false, findings, variables };
  }
  const { template } = compiled;
  if (template.body !== source.body) findings.push(...checkMjml(source.body, template.body));
  if (template.channel === 'email') findings.push(...checkLinks(template.body));
  const checked = { findings, compiled: template, variables };
  if (hasError(findings)) return { ...checked, ok: false };

  const sample = await renderer.render({ ...template, partials }, sampleVariables(datesOf(variables)));
  if (!sample.ok) {
    findings.push(error(sample.code, 'body', sample.detail));
    return { ...checked, ok: false };
  }
  if (sample.html === undefined)
    findings.push(...checkText(source.channel === 'sms' ? 'sms' : 'whatsapp', sample.text));
  else {
    const extent = source.kind === 'part' ? 'part' : 'mail';
    findings.push(...checkHtml(sample.html, extent), ...checkLegibility(sample.html), ...checkSubject(sample.subject));
    findings.push(...checkAttachments(attachments, Buffer.byteLength(sample.html) + Buffer.byteLength(sample.text)));
  }
  findings.push(...(await checkGaps(template, variables, options)));
  return { ...checked, ok: !hasError(findings), sample };
}

function checkUse(source: TemplateSource, variables: readonly string[], purpose: CheckOptions['purpose']): Finding[] {
  const findings: Finding[] = [];
  if (source.kind === 'part') return /\{%-?\s*render\b/.test(source.body) ? [NESTED_PARTS] : [];
  if (variables.includes('form.url') && source.form === undefined) {
    findings.push(
      error(
        'form_missing',
        'form',
        'The template uses {{ form.url }} but does not say which form. Name it: "form: questionnaire".',
      ),
    );
  }
  if (purpose === 'marketing' && source.channel === 'email' && !variables.includes('links.unsubscribe')) {
    findings.push(
      error(
        'unsubscribe_missing',
        'body',
        'Advertising by email needs a way to stop it. Add a link to {{ links.unsubscribe }}.',
      ),
    );
  }
  if (purpose === 'marketing' && source.channel === 'sms' && !/\bSTOP\b/.test(source.body)) {
    findings.push(warning('stop_missing', 'body', 'Say how to stop: "Reply STOP to opt out".'));
  }
  if (source.channel === 'whatsapp' && source.category === undefined) {
    findings.push(
      error(
        'category_missing',
        'category',
        'A WhatsApp template needs its category, as it was approved: utility, marketing or authentication.',
      ),
    );
  }
  return findings;
}

// One that contained itself would never end.
const NESTED_PARTS = error(
  'part_in_part',
  'body',
  'A part (header, footer, signature) cannot put in another one. Write it out.',
);

function checkSubject(subject: string): Finding[] {
  if (subject.length <= LONG_SUBJECT) return [];
  return [
    warning(
      'subject_long',
      'subject',
      `The subject has ${subject.length} characters; most mail programs show fewer than ${LONG_SUBJECT}.`,
    ),
  ];
}

/** Which couples would not get the message: those without a value for what has no fallback. */
async function checkGaps(
  template: CompiledTemplate,
  variables: readonly string[],
  options: CheckOptions,
): Promise<Finding[]> {
  const values = sampleVariables();
  for (const name of variables) if (findVariable(name)?.mayBeMissing === true) remove(values, name);
  const bare = await options.renderer.render({ ...template, partials: options.partials ?? {} }, values);
  if (bare.ok || bare.code !== 'missing_variables') return [];
  const names = bare.missing.join(', ');
  return [
    warning(
      'may_be_missing',
      'body',
      `Couples without ${names} will not get this message. Give a fallback, {{ name | default: "..." }}, if they should.`,
    ),
  ];
}

function remove(values: Record<string, unknown>, name: string): void {
  const [group = '', ...rest] = name.split('.');
  if (rest.length === 0) delete values[group];
  else if (values[group] !== undefined) remove(values[group] as Record<string, unknown>, rest.join('.'));
}

function datesOf(variables: readonly string[]): string[] {
  return variables.flatMap((name) => (name.startsWith('dates.') ? [name.slice('dates.'.length)] : []));
}

function hasError(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === 'error');
}
