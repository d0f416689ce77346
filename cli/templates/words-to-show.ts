import { stat } from 'node:fs/promises';

import { Option, type Command } from 'commander';

import type { AttachedFile } from '../../channels/attached-file.ts';
import { createTemplateRenderer, type TemplateRenderer } from '../../channels/template-renderer.ts';
import type { RenderableTemplate, RenderedTemplate } from '../../channels/templates.ts';
import { sampleVariables } from '../../channels/variable-catalogue.ts';
import { withoutPictures } from '../../channels/without-pictures.ts';
import { readDevFile } from '../dev/dev-file.ts';
import { checkFiles, type CheckedFile } from '../input/template-files.ts';
import { readValues } from '../input/template-values.ts';
import { OperatorError } from '../operator-error.ts';

/** Which message, and for whom: options of commands that show or send one. */
export interface WordsOptions {
  readonly values?: string;
  readonly organization?: string;
  readonly client?: string;
  readonly role?: string;
  readonly channel: 'email' | 'sms' | 'whatsapp';
  readonly locale?: string;
  readonly data: string;
}

/** A message with somebody's values in it. */
export interface Words {
  readonly channel: 'email' | 'sms' | 'whatsapp';
  readonly locale: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string | undefined;
  readonly withoutPictures: string | undefined;
  readonly attachments: readonly AttachedFile[];
}

export type Shown = { readonly ok: true; readonly words: Words } | { readonly ok: false; readonly problem: string };

/** Adds the options of {@link WordsOptions}. */
export function withWords(command: Command): Command {
  return command
    .argument('<template>', 'a template file, or with --organization the name of a template in use')
    .option('--values <file>', 'the values of a couple, as YAML or JSON (default: a sample couple)')
    .option('--organization <slug>', 'whose couple or template')
    .option('--client <id>', 'a real couple of the organization: its id, or an email address of one of the two')
    .option('--role <role>', 'whom of the couple, such as partner_2 (default: whom messages go to first)')
    .addOption(
      new Option('--channel <channel>', 'of a template in use').choices(['email', 'sms', 'whatsapp']).default('email'),
    )
    .option('--locale <language>', 'in this language, such as de-CH, where the template is there in it')
    .option('--data <folder>', 'the development set-up whose database is used, unless DATABASE_URL is set', '.wedsync');
}

/**
 * The words of a message: of a file or of a template in use, with the values of a sample couple, of a file, or of a
 * real couple.
 *
 * @returns the problem where the template cannot be filled in
 * @throws OperatorError where template, organization or couple is not there
 */
export async function wordsToShow(template: string, options: WordsOptions): Promise<Shown> {
  const renderer = createTemplateRenderer();
  try {
    const isFile = await stat(template).then(
      (found) => found.isFile(),
      () => false,
    );
    if (!isFile && options.organization === undefined) {
      throw new OperatorError(
        `${template}: there is no such file. To show a template in use, say whose: --organization <slug>.`,
      );
    }
    const file = isFile ? await readFileToShow(template) : null;
    if (file?.ok === false) return file;
    if (options.client !== undefined || file === null) return await ofCouple(template, file, renderer, options);
    const { check, parts } = file;
    const dates = check.variables.flatMap((name) => (name.startsWith('dates.') ? [name.slice('dates.'.length)] : []));
    const values = options.values === undefined ? sampleVariables(dates) : await readValues(options.values);
    const words: RenderableTemplate = { ...check.compiled, partials: parts };
    return shown(words, await renderer.render(words, values), template, file.attachments);
  } finally {
    await renderer.close();
  }
}

type ReadableFile = CheckedFile & { check: { compiled: NonNullable<CheckedFile['check']['compiled']> } };

async function readFileToShow(path: string): Promise<({ ok: true } & ReadableFile) | { ok: false; problem: string }> {
  const [file] = await checkFiles([path]);
  const compiled = file?.check.compiled;
  if (file === undefined || compiled === undefined) {
    const problems = file?.check.findings.map(({ message }) => message).join(' ') ?? '';
    return { ok: false, problem: `${path} cannot be shown. ${problems}` };
  }
  return { ok: true, ...file, check: { ...file.check, compiled } };
}

function shown(
  words: RenderableTemplate,
  rendered: RenderedTemplate,
  what: string,
  attachments: readonly AttachedFile[],
): Shown {
  if (!rendered.ok) return { ok: false, problem: `${what}: ${rendered.detail}` };
  const { subject, text, html } = rendered;
  return {
    ok: true,
    words: {
      channel: words.channel,
      locale: words.locale ?? 'en-GB',
      subject,
      text,
      html,
      withoutPictures: html === undefined ? undefined : withoutPictures(html),
      attachments,
    },
  };
}

async function ofCouple(
  template: string,
  file: ReadableFile | null,
  renderer: TemplateRenderer,
  options: WordsOptions,
): Promise<Shown> {
  const { organization, client, role, locale, data } = options;
  if (organization === undefined) throw new OperatorError('Say whose couple it is: --organization <slug>.');
  if (client === undefined) {
    throw new OperatorError('Say for whom: --client <id>, or an email address of one of the two.');
  }
  const [{ inOrganization }, { previewMessage }] = await Promise.all([
    import('../organization-command.ts'),
    import('../../services/messages/preview-message.ts'),
  ]);
  const publicUrl = await publicUrlOf(data);
  const result = await inOrganization({ organization, data }, (trx) =>
    previewMessage(
      trx,
      { renderer, publicUrl },
      {
        client,
        role,
        locale,
        template: file?.name ?? template,
        channel: file?.check.compiled.channel ?? options.channel,
        ...(file === null
          ? {}
          : { draft: { ...file.check.compiled, partials: file.parts, attachments: file.attachments } }),
      },
    ),
  );
  if (result.ok) return { ok: true, words: result.preview };
  if (result.code.startsWith('no_such')) throw new OperatorError(result.message);
  return { ok: false, problem: `${template}: ${result.message}` };
}

/** Where couples reach the pages that links lead to. */
async function publicUrlOf(dataFolder: string): Promise<string | undefined> {
  if (process.env['WEDSYNC_PUBLIC_URL'] !== undefined) return process.env['WEDSYNC_PUBLIC_URL'];
  return (await readDevFile(dataFolder))?.apiUrl;
}
