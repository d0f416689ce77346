import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { AttachedFile } from '../../channels/attached-file.ts';
import type { TemplateSource } from '../../channels/template-file.ts';
import { writeTemplateFile } from '../../channels/write-template-file.ts';
import type { StoredTemplate } from '../../db/templates.ts';

/**
 * Writes a template of an organization to a folder, as import reads it again: the template, and the files that it
 * brings along in a folder of their own beside it.
 */
export async function writeTemplate(
  folder: string,
  template: StoredTemplate,
  attachments: readonly AttachedFile[],
): Promise<void> {
  const { name, kind, channel, locale, title, subject, content, form, category } = template;
  const stem = `${name}${locale === 'en-GB' ? '' : `.${locale}`}`;
  const filesFolder = `${stem}_files`;
  const source: TemplateSource = {
    name: title === '' ? name : title,
    ...(kind === 'part' ? { kind } : {}),
    channel,
    ...(subject === null ? {} : { subject }),
    ...(form === null ? {} : { form }),
    ...(category === null ? {} : { category }),
    ...(template.contentSid === null ? {} : { contentSid: template.contentSid }),
    ...(Object.keys(template.contentVariables).length === 0 ? {} : { contentVariables: template.contentVariables }),
    ...(template.calendar === null ? {} : { calendar: template.calendar }),
    ...(attachments.length === 0
      ? {}
      : { attachments: attachments.map(({ filename }) => `${filesFolder}/${filename}`) }),
    ...(locale === 'en-GB' ? {} : { locale }),
    body: content,
  };
  if (attachments.length > 0) await mkdir(join(folder, filesFolder), { recursive: true });
  for (const file of attachments) await writeFile(join(folder, filesFolder, file.filename), file.content);
  await writeFile(join(folder, `${stem}.${channel === 'email' ? 'mjml' : 'liquid'}`), writeTemplateFile(source));
}
