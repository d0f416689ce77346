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
}

/** The templates in use: of each name, channel and language the newest version. In order of their names. */
export async function templatesInUse(trx: Trx): Promise<StoredTemplate[]> {
  const { rows } = await sql<StoredTemplate>`
    select distinct on (name, channel, locale) name, template_type as kind, channel, locale, title, subject_template as subject,
      content_template as content, html_template as html, form, category, variables, content_sid as "contentSid",
      content_variables as "contentVariables", calendar
    from app.communication_templates where is_active and channel <> 'system'
    order by name, channel, locale, version desc
  `.execute(trx);
  return rows;
}

/** Adds a version; the ones before it stay, because messages already sent refer to them. Resolves with its number. */
export async function addTemplateVersion(trx: Trx, template: StoredTemplate): Promise<number> {
  const { name, kind, channel, locale, title, subject, content, html, form, category, variables } = template;
  const { contentSid, contentVariables, calendar } = template;
  const { rows } = await sql<{ version: number }>`
    insert into app.communication_templates (name, template_type, channel, locale, title, subject_template, content_template,
      html_template, form, category, variables, content_sid, content_variables, calendar, version)
    select ${name}, ${kind}, ${channel}, ${locale}, ${title}, ${subject}, ${content}, ${html}, ${form}, ${category},
      ${JSON.stringify(variables)}::jsonb, ${contentSid}, ${JSON.stringify(contentVariables)}::jsonb, ${calendar},
      1 + coalesce((select max(version) from app.communication_templates
                    where name = ${name} and channel = ${channel} and locale = ${locale}), 0)
    returning version
  `.execute(trx);
  const [row] = rows;
  if (row === undefined) throw new Error('The database kept no template.');
  return row.version;
}
