import { sql } from 'kysely';

import type { TemplateKind } from './domain.ts';
import type { Trx } from './tenant.ts';

export type TemplateChannel = 'email' | 'sms' | 'whatsapp';

/** The words of a message as they stand in the table. */
export interface StoredTemplate {
  readonly name: string;
  /** `part`: no message of its own; others put it into theirs by its name. */
  readonly kind: TemplateKind;
  readonly channel: TemplateChannel;
  readonly locale: string;
  readonly title: string;
  readonly subject: string | null;
  /** Liquid text, or the source of a mail. */
  readonly content: string;
  /** What the source of a mail was compiled to. */
  readonly html: string | null;
  readonly form: string | null;
  readonly category: 'utility' | 'marketing' | 'authentication' | null;
  /** Of WhatsApp: Twilio's id of the approved template, and what stands for its numbers. */
  readonly contentSid: string | null;
  readonly contentVariables: Readonly<Record<string, string>>;
  readonly calendar: 'wedding' | null;
  readonly variables: readonly string[];
  /** Files that the mail brings along, in their order. */
  readonly attachments: readonly StoredAttachment[];
}

/** What a file is known by without reading it. */
export interface StoredAttachment {
  readonly filename: string;
  /** In hex. */
  readonly sha256: string;
}

export interface AttachmentContent {
  readonly filename: string;
  /** Media type. */
  readonly contentType: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

/** The templates in use: of each name, channel and language the newest version. In order of their names. */
export async function templatesInUse(trx: Trx): Promise<(StoredTemplate & { readonly id: string })[]> {
  const { rows } = await sql<StoredTemplate & { id: string }>`
    select distinct on (name, channel, locale) id, name, template_type as kind, channel, locale, title, subject_template as subject,
      content_template as content, html_template as html, form, category, variables, content_sid as "contentSid",
      content_variables as "contentVariables", calendar, coalesce((
        select jsonb_agg(jsonb_build_object('filename', f.file_name, 'sha256', encode(f.content_sha256, 'hex'))
                         order by f.position)
          from app.template_attachments f where f.template_id = t.id), '[]') as attachments
    from app.communication_templates t where is_active and channel <> 'system'
    order by name, channel, locale, version desc
  `.execute(trx);
  return rows;
}

/** Adds a version; the ones before it stay, because messages already sent refer to them. Resolves with its number. */
export async function addTemplateVersion(
  trx: Trx,
  template: StoredTemplate,
  attachments: readonly AttachmentContent[],
): Promise<number> {
  const { name, kind, channel, locale, title, subject, content, html, form, category, variables } = template;
  const { contentSid, contentVariables, calendar } = template;
  const { rows } = await sql<{ id: string; version: number }>`
    insert into app.communication_templates (name, template_type, channel, locale, title, subject_template, content_template,
      html_template, form, category, variables, content_sid, content_variables, calendar, version)
    select ${name}, ${kind}, ${channel}, ${locale}, ${title}, ${subject}, ${content}, ${html}, ${form}, ${category},
      ${JSON.stringify(variables)}::jsonb, ${contentSid}, ${JSON.stringify(contentVariables)}::jsonb, ${calendar},
      1 + coalesce((select max(version) from app.communication_templates
                    where name = ${name} and channel = ${channel} and locale = ${locale}), 0)
    returning id, version
  `.execute(trx);
  const [row] = rows;
  if (row === undefined) throw new Error('The database kept no template.');
  for (const [index, { filename, contentType, content }] of attachments.entries()) {
    await sql`
      insert into app.template_attachments (template_id, position, file_name, content_type, content)
      values (${row.id}, ${index + 1}, ${filename}, ${contentType}, ${content})
    `.execute(trx);
  }
  return row.version;
}

/** The files of a version of a template, in their order. */
export async function loadAttachments(trx: Trx, templateId: string): Promise<AttachmentContent[]> {
  const { rows } = await sql<AttachmentContent>`
    select file_name as filename, content_type as "contentType", content
    from app.template_attachments where template_id = ${templateId} order by position
  `.execute(trx);
  return rows;
}
