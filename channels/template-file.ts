import { parse } from 'yaml';
import { z } from 'zod';

const frontMatterSchema = z.strictObject({
  name: z.string().min(1).max(120),
  /** A part (header, footer, signature) is no message of its own: others put it in with `render`. */
  kind: z.literal('part').optional(),
  channel: z.enum(['email', 'sms', 'whatsapp']),
  subject: z.string().min(1).max(300).optional(),
  form: z.string().min(1).max(80).optional(),
  category: z.enum(['utility', 'marketing', 'authentication']).optional(),
  /** Twilio's id of the WhatsApp template that was approved: what goes outside of a conversation. */
  contentSid: z
    .string()
    .regex(/^HX[0-9a-fA-F]{32}$/, 'is not the id of an approved template (HX...)')
    .optional(),
  /** What stands for each of its numbers, in Liquid: `{ '1': '{{ recipient.firstName }}' }`. */
  contentVariables: z.record(z.string().regex(/^\d{1,2}$/, 'is not a number of the template'), z.string()).optional(),
  /** The mail carries a calendar entry of the wedding day. */
  calendar: z.literal('wedding').optional(),
  /** Files that the mail brings along: paths in the folder of the template. */
  attachments: z
    .array(
      z
        .string()
        .min(1)
        .max(300)
        .refine(
          isBelow,
          'is not a file in the folder of the template; write it like price-list.pdf or files/guide.pdf',
        ),
    )
    .min(1)
    .optional(),
  locale: z.string().min(2).max(35).optional(),
});

/** A template as a supplier writes it: what it is called and where it goes, then Liquid text or MJML. */
export type TemplateSource = z.infer<typeof frontMatterSchema> & { body: string };

export type TemplateProblem = { code: string; path: string; message: string };

/** Whether a path leads to something in the folder itself, however the system writes paths. */
function isBelow(path: string): boolean {
  return !/^[/\\~]|^[a-z]:/i.test(path) && !path.split(/[/\\]/).includes('..');
}

const FRONT_MATTER = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---\r?\n?([\s\S]*)$/;

/** Reads a template file: YAML front matter between two lines of `---`, then the body. */
export function parseTemplateFile(
  text: string,
): { ok: true; template: TemplateSource } | { ok: false; problems: TemplateProblem[] } {
  const parts = FRONT_MATTER.exec(text);
  if (parts === null) {
    return failure('front_matter_missing', '', 'The file must begin with a front matter between two lines of "---".');
  }
  const frontMatter = readYaml(parts[1] ?? '');
  if (!frontMatter.ok)
    return failure('front_matter_invalid', '', `The front matter is not valid YAML: ${frontMatter.message}`);
  const parsed = frontMatterSchema.safeParse(frontMatter.value);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => ({
      code: 'front_matter_invalid',
      path: issue.path.join('.'),
      message: issue.message,
    }));
    return { ok: false, problems };
  }
  const template = { ...parsed.data, body: parts[2] ?? '' };
  if (template.kind === 'part' && template.subject !== undefined) {
    return failure('part_with_subject', 'subject', 'A part (header, footer, signature) has no subject. Take it out.');
  }
  if (template.channel === 'email' && template.kind !== 'part' && template.subject === undefined) {
    return failure('subject_missing', 'subject', 'An email template needs a subject in its front matter.');
  }
  if (template.channel !== 'email' && template.calendar !== undefined) {
    return failure('calendar_not_email', 'calendar', 'Only a mail carries a calendar entry.');
  }
  if ((template.channel !== 'email' || template.kind === 'part') && template.attachments !== undefined) {
    return failure('attachments_not_email', 'attachments', 'Only a mail brings files along. Link to them instead.');
  }
  if (template.channel !== 'whatsapp' && template.contentSid !== undefined) {
    return failure('content_not_whatsapp', 'contentSid', 'Only a WhatsApp template is approved under a contentSid.');
  }
  if (template.body.trim() === '') return failure('body_missing', 'body', 'The template has no text.');
  return { ok: true, template };
}

function readYaml(text: string): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    return { ok: true, value: parse(text, { maxAliasCount: 0 }) };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

function failure(code: string, path: string, message: string): { ok: false; problems: TemplateProblem[] } {
  return { ok: false, problems: [{ code, path, message }] };
}
