import { hash } from 'node:crypto';

import type { AttachedFile } from '../../channels/attached-file.ts';
import type { TemplateCheck } from '../../channels/check-template.ts';
import type { TemplateSource } from '../../channels/template-file.ts';
import { addTemplateVersion, templatesInUse, type StoredTemplate } from '../../db/templates.ts';
import type { Trx } from '../../db/tenant.ts';

/** A template that has been checked, under the name by which steps call it. */
export interface CheckedTemplate {
  readonly name: string;
  readonly source: TemplateSource;
  readonly check: TemplateCheck;
  readonly attachments: readonly AttachedFile[];
}

export interface ImportedTemplate {
  readonly name: string;
  readonly change: 'added' | 'changed' | 'unchanged';
  readonly version: number | null;
}

/**
 * Publishes templates. One whose words are the ones in use already makes no new version, so importing twice is the same
 * as once. Messages not yet sent use the new words; sent ones keep theirs.
 *
 * @throws Error for a template whose check found errors: the caller shows them and does not come here
 */
export async function importTemplates(trx: Trx, templates: readonly CheckedTemplate[]): Promise<ImportedTemplate[]> {
  const inUse = new Map((await templatesInUse(trx)).map((template) => [keyOf(template), template]));
  const imported: ImportedTemplate[] = [];
  for (const template of templates) {
    const stored = toStored(template);
    const before = inUse.get(keyOf(stored));
    if (before !== undefined && sameWords(before, stored)) {
      imported.push({ name: stored.name, change: 'unchanged', version: null });
      continue;
    }
    const version = await addTemplateVersion(trx, stored, template.attachments);
    imported.push({ name: stored.name, change: before === undefined ? 'added' : 'changed', version });
  }
  return imported;
}

function toStored({ name, source, check, attachments }: CheckedTemplate): StoredTemplate {
  if (!check.ok || check.compiled === undefined) throw new Error(`The template ${name} has errors.`);
  return {
    name,
    kind: source.kind ?? 'journey',
    channel: source.channel,
    locale: source.locale ?? 'en-GB',
    title: source.name,
    subject: source.subject ?? null,
    content: source.body,
    html: source.channel === 'email' ? check.compiled.body : null,
    form: source.form ?? null,
    category: source.category ?? null,
    contentSid: source.contentSid ?? null,
    contentVariables: source.contentVariables ?? {},
    calendar: source.calendar ?? null,
    variables: check.variables,
    attachments: attachments.map(({ filename, content }) => ({ filename, sha256: hash('sha256', content) })),
  };
}

function keyOf({ name, channel, locale }: StoredTemplate): string {
  return `${name} ${channel} ${locale}`;
}

function sameWords(one: StoredTemplate, other: StoredTemplate): boolean {
  const words = ({ kind, title, subject, content, html, form, category, ...more }: StoredTemplate): string =>
    JSON.stringify([
      [kind, title, subject, content, html, form, category],
      [more.contentSid, Object.entries(more.contentVariables).toSorted(([a], [b]) => (a < b ? -1 : 1)), more.calendar],
      more.attachments.map(({ filename, sha256 }) => [filename, sha256]),
    ]);
  return words(one) === words(other);
}
