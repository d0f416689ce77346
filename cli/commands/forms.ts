import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { Command } from 'commander';
import { stringify } from 'yaml';

import { formVersions, listForms, setFormStatus } from '../../db/form-desk.ts';
import type { Trx } from '../../db/tenant.ts';
import { publishForm, type Publication } from '../../services/forms/publish-form.ts';
import { formDefinitionSchema } from '../../services/forms/form-definition.ts';
import { answersCommand, linkCommand, reopenCommand } from '../forms/couple-commands.ts';
import { readDocument } from '../input/read-document.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';
import { coloursFor } from '../output/colours.ts';
import { plainTable } from '../output/plain-table.ts';
import { problemLines } from '../output/problems.ts';
import { writeOut } from '../output/write-out.ts';

/** `wedsync forms ...`: questionnaires for couples. */
export function formsCommand(): Command {
  const forms = new Command('forms').description('Questionnaires for couples: write, publish, send the link, read.');
  const parts = [check(), publish(), list(), exportCommand(), linkCommand(), answersCommand(), reopenCommand()];
  for (const part of [...parts, turn('on'), turn('off')]) forms.addCommand(part);
  return forms;
}

const EXAMPLE = `
A form is a file; its name is what templates (form:) and conditions (form.<name>.status) call it:

  title: Final numbers
  intro: These are the numbers we order by.
  thanks: Thank you. The numbers are fixed.
  fields:
    - { key: adults, label: Adults, type: number, min: 1, required: true, core: guest_count }
    - { key: menu, label: Menu, type: choice, options: [Meat, Fish, Vegan] }
    - { key: confirmed, label: Your name, type: signature, statement: I confirm these numbers., required: true }

Types: text, long_text, email, phone, date, time, number (min, max), choice and choices (options), yes_no, address,
file (a link), signature (statement). "core" fills the field from a common field (wedsync fields list) and fills that.`;

function check(): Command {
  return new Command('check')
    .description('Say what is wrong with forms before they are published. Needs no database.')
    .argument('<path...>', 'form files, or folders of them (.yaml, .json)')
    .addHelpText('after', `${EXAMPLE}\n\nExample:\n  wedsync forms check journeys/starters/forms`)
    .action(async (paths: string[]) => {
      const read = await readForms(paths);
      const wrong = read.filter(({ problems }) => problems !== '');
      await writeOut(process.stdout, wrong.map(({ problems }) => problems).join(''));
      if (wrong.length > 0) process.exitCode = 1;
      else await writeOut(process.stdout, `${read.length} ${read.length === 1 ? 'form' : 'forms'} can be published.\n`);
    });
}

function publish(): Command {
  return organizationCommand('publish')
    .description('Publish forms, each as its next version; unchanged ones stay as they are. All of them or none.')
    .argument('<path...>', 'form files, or folders of them (.yaml, .json)')
    .option('--dry-run', 'check and compare, publish nothing')
    .addHelpText(
      'after',
      `${EXAMPLE}\n\nExample:\n  wedsync forms publish final_numbers.yaml --organization the-caterer`,
    )
    .action(async (paths: string[], options: OrganizationOptions & { dryRun?: boolean }) => {
      const read = await readForms(paths);
      let wrong = read.map(({ problems }) => problems).join('');
      const published: { form: string; change: string; version: number }[] = [];
      if (wrong === '') {
        await inOrganization(options, async (trx) => {
          for (const { file, slug, value } of read) {
            const one = await publishForm(trx, slug, value);
            if (one.ok) published.push({ form: slug, change: one.change, version: one.version });
            else wrong += problemsOf(file, one);
          }
          if (wrong !== '' || options.dryRun === true) throw new TakenBack();
        }).catch((error: unknown) => {
          if (!(error instanceof TakenBack)) throw error;
        });
      }
      if (wrong !== '') {
        await writeOut(process.stderr, `${wrong}Nothing was published: mend the errors first.\n`);
        process.exitCode = 1;
        return;
      }
      const lines = published.map(({ form, change, version }) => `${change.padEnd(9)}  ${form} (version ${version})`);
      if (options.dryRun === true) lines.push('Nothing was published: --dry-run.');
      await print(options, published, lines.join('\n'));
    });
}

/** Ends a transaction that was only to be tried, or that must not be done in part. */
class TakenBack extends Error {
  override name = 'TakenBack';
}

function list(): Command {
  return organizationCommand('list')
    .description('Show the forms, and how many couples began and sent them.')
    .action(async (options: OrganizationOptions) => {
      const rows = await inOrganization(options, listForms);
      const lines = rows.map(({ slug, status, version, drafts, submitted, name }) => [
        slug,
        status,
        String(version ?? ''),
        `${drafts} begun, ${submitted} sent`,
        name,
      ]);
      const nothing = 'There is no form yet. Publish one: wedsync forms publish --help';
      const words = lines.length === 0 ? nothing : plainTable(['FORM', 'STATUS', 'VERSION', 'ANSWERS', 'TITLE'], lines);
      await print(options, rows, words);
    });
}

function exportCommand(): Command {
  return organizationCommand('export')
    .description('Write published forms to files, which publish reads again.')
    .argument('<folder>', 'where to; it is made if it is not there')
    .option('--form <form>', 'only this one')
    .action(async (folder: string, options: OrganizationOptions & { form?: string }) => {
      const forms = await inOrganization(options, (trx) => latest(trx, options.form));
      if (forms.length === 0) throw new OperatorError('There is no such form. See: wedsync forms list');
      await mkdir(folder, { recursive: true });
      for (const { slug, definition } of forms) await writeFile(join(folder, `${slug}.yaml`), stringify(definition));
      const written = forms.map(({ slug }) => join(folder, `${slug}.yaml`));
      await print(options, written, `Written: ${written.join(', ')}`);
    });
}

async function latest(trx: Trx, only: string | undefined): Promise<{ slug: string; definition: unknown }[]> {
  const slugs = (await listForms(trx)).map(({ slug }) => slug).filter((slug) => only === undefined || slug === only);
  const forms = [];
  for (const slug of slugs) {
    const [version] = await formVersions(trx, slug);
    if (version !== undefined) forms.push({ slug, definition: version.definition });
  }
  return forms;
}

function turn(direction: 'on' | 'off'): Command {
  return organizationCommand(direction)
    .description(
      direction === 'on'
        ? 'Offer a form again.'
        : 'Offer a form no more: links that were not begun close, and messages that need one wait.',
    )
    .argument('<form>', 'name of the form')
    .action(async (slug: string, options: OrganizationOptions) => {
      const status = direction === 'on' ? 'published' : 'archived';
      const isThere = await inOrganization(options, (trx) => setFormStatus(trx, slug, status));
      if (!isThere) throw new OperatorError(`There is no published form "${slug}". See: wedsync forms list`);
      await print(options, { form: slug, status }, `"${slug}" is ${direction}.`);
    });
}

interface ReadForm {
  readonly file: string;
  readonly slug: string;
  readonly value: unknown;
  /** Lines for people; empty where it can be published. */
  readonly problems: string;
}

async function readForms(paths: readonly string[]): Promise<ReadForm[]> {
  const files: string[] = [];
  for (const path of paths) {
    const found = await stat(path).catch(() => null);
    if (found?.isDirectory() !== true) files.push(path);
    else
      files.push(
        ...(await readdir(path))
          .filter((name) => ENDING.test(name))
          .sort()
          .map((name) => join(path, name)),
      );
  }
  if (files.length === 0) throw new OperatorError(`${paths.join(', ')}: there is no form here (.yaml, .json).`);
  return Promise.all(files.map(readForm));
}

const ENDING = /\.(?:ya?ml|json)$/;

async function readForm(file: string): Promise<ReadForm> {
  const slug = basename(file).replace(ENDING, '');
  const colours = coloursFor(process.stdout, process.env);
  const read = await readDocument(file);
  if (!read.ok) return { file, slug, value: null, problems: problemLines(file, 'error', read.problems, colours) };
  const parsed = formDefinitionSchema.safeParse(read.value);
  if (parsed.success) return { file, slug, value: read.value, problems: '' };
  const problems = parsed.error.issues.map(({ path, message }) =>
    read.locate({ code: 'invalid_form', path: path.join('.'), message }),
  );
  return { file, slug, value: null, problems: problemLines(file, 'error', problems, colours) };
}

function problemsOf(file: string, { problems }: Extract<Publication, { ok: false }>): string {
  const all = problems.map((problem) => ({ code: 'invalid_form', ...problem }));
  return problemLines(file, 'error', all, coloursFor(process.stderr, process.env));
}
