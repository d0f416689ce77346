import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { CheckOptions } from '../../channels/check-template.ts';
import type { TemplatePart } from '../../channels/template-parts.ts';
import type { StoredTemplate } from '../../db/templates.ts';
import type { Trx } from '../../db/tenant.ts';
import { checkFiles, templateFiles, type CheckedFile } from '../input/template-files.ts';
import { approvalsCommand } from '../templates/approvals-command.ts';
import { renderCommand } from '../templates/render-command.ts';
import { sendCommand } from '../templates/send-command.ts';
import { writeTemplate } from '../templates/write-template.ts';
import { OperatorError } from '../operator-error.ts';
import { coloursFor, type Colours } from '../output/colours.ts';
import { printable } from '../output/printable.ts';
import { writeOut } from '../output/write-out.ts';

const PURPOSES = ['transactional', 'service', 'marketing'] as const;
type Purpose = NonNullable<CheckOptions['purpose']>;

/** `wedsync templates ...`: the messages that journeys send. */
export function templatesCommand(): Command {
  const templates = new Command('templates').description(
    'The messages that journeys send: check, show, try, publish, keep.',
  );
  templates
    .addCommand(checkCommand())
    .addCommand(renderCommand())
    .addCommand(sendCommand())
    .addCommand(importCommand())
    .addCommand(exportCommand())
    .addCommand(approvalsCommand());
  return templates;
}

function checkCommand(): Command {
  return new Command('check')
    .description('Say what is wrong with templates before they are published.')
    .argument('<path...>', 'template files, or folders of them (.mjml, .liquid)')
    .addOption(
      new Option('--purpose <purpose>', 'what they are for; marketing needs a way to unsubscribe').choices(PURPOSES),
    )
    .option('--json', 'print the findings as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 all can be published, 1 at least one cannot, 2 usage.\n\nExample:\n  wedsync templates check journeys/starters/templates',
    )
    .action(async (paths: string[], options: { purpose?: Purpose; json?: boolean }) => {
      const checked = await checkFiles(await templateFiles(paths), { purpose: options.purpose });
      if (options.json === true) {
        const lines = checked.map(({ file, check }) => ({
          file,
          ok: check.ok,
          variables: check.variables,
          findings: check.findings,
        }));
        await writeOut(process.stdout, `${JSON.stringify(lines, null, 2)}\n`);
      } else {
        await writeOut(process.stdout, report(checked, coloursFor(process.stdout, process.env)));
      }
      if (checked.some(({ check }) => !check.ok)) process.exitCode = 1;
    });
}

function importCommand(): Command {
  return withOrganization(new Command('import'))
    .description("Publish templates as an organization's own; unchanged ones stay as they are.")
    .argument('<path...>', 'template files, or folders of them')
    .option('--dry-run', 'check and compare, publish nothing')
    .addHelpText(
      'after',
      `
Files that a mail brings along stand beside its template, which names them: "attachments: [price-list.pdf]".

Example:
  wedsync templates import my-templates --organization wildflower-photography`,
    )
    .action(async (paths: string[], options: OrganizationOptions & { dryRun?: boolean }) => {
      const files = await templateFiles(paths);
      const { templatesInUse } = await import('../../db/templates.ts');
      // What is published already may be put in, too.
      const parts = partsOf(await inOrganization(options, false, templatesInUse));
      const checked = await checkFiles(files, { parts });
      const colours = coloursFor(process.stdout, process.env);
      if (checked.some(({ check }) => !check.ok)) {
        await writeOut(process.stdout, report(checked, colours));
        await writeOut(process.stderr, 'Nothing was published: mend the errors first.\n');
        process.exitCode = 1;
        return;
      }
      const { importTemplates } = await import('../../services/templates/import-templates.ts');
      const imported = await inOrganization(options, options.dryRun === true, (trx) =>
        importTemplates(trx, checked.map(toNamed)),
      );
      const lines = imported.map(
        ({ name, change, version }) =>
          `${change.padEnd(9)}  ${name}${version === null ? '' : ` (version ${version})`}\n`,
      );
      await writeOut(
        process.stdout,
        `${lines.join('')}${options.dryRun === true ? 'Nothing was published: --dry-run.\n' : ''}`,
      );
    });
}

function exportCommand(): Command {
  return withOrganization(new Command('export'))
    .description("Write an organization's templates to files, which import reads again.")
    .argument('<folder>', 'where to; it is made if it is not there')
    .action(async (folder: string, options: OrganizationOptions) => {
      const { loadAttachments, templatesInUse } = await import('../../db/templates.ts');
      await mkdir(folder, { recursive: true });
      const written = await inOrganization(options, false, async (trx) => {
        const stored = await templatesInUse(trx);
        for (const template of stored) await writeTemplate(folder, template, await loadAttachments(trx, template.id));
        return stored.length;
      });
      await writeOut(process.stdout, `${written} templates written to ${folder}.\n`);
    });
}

type OrganizationOptions = { organization: string; data: string };

function withOrganization(command: Command): Command {
  return command
    .requiredOption('--organization <slug>', 'whose templates')
    .option('--data <folder>', 'the development set-up whose database is used, unless DATABASE_URL is set', '.wedsync');
}

async function inOrganization<T>(
  options: OrganizationOptions,
  takeBack: boolean,
  work: (trx: Trx) => Promise<T>,
): Promise<T> {
  const [{ openOrganizationDatabase }, { withTenant }] = await Promise.all([
    import('../organization-database.ts'),
    import('../../db/tenant.ts'),
  ]);
  const opened = await openOrganizationDatabase(options.organization, resolve(options.data), process.env);
  let result: T | undefined;
  try {
    return await withTenant(opened.database, { organizationId: opened.organizationId, actor: 'cli' }, async (trx) => {
      result = await work(trx);
      if (takeBack) throw new TakenBack();
      return result;
    });
  } catch (error) {
    if (error instanceof TakenBack && result !== undefined) return result;
    throw error;
  } finally {
    await opened.close();
  }
}

/** Ends a transaction that was only to be tried. */
class TakenBack extends Error {
  override name = 'TakenBack';
}

function partsOf(stored: readonly StoredTemplate[]): TemplatePart[] {
  return stored
    .filter(({ kind }) => kind === 'part')
    .map(({ name, channel, locale, content, html }) => ({ name, channel, locale, body: html ?? content }));
}

function toNamed({ name, source, check, attachments, file }: CheckedFile) {
  if (source === undefined) throw new OperatorError(`${file} could not be read.`);
  return { name, source, check, attachments };
}

function report(checked: readonly CheckedFile[], colours: Colours): string {
  const lines = checked.flatMap(({ file, check }) =>
    check.findings.map(({ severity, path, message }) => {
      const paint = severity === 'error' ? colours.red : colours.yellow;
      return `${colours.bold(printable(file))}  ${paint(severity)}  ${colours.dim(path)}: ${printable(message)}\n`;
    }),
  );
  const bad = checked.filter(({ check }) => !check.ok).length;
  const summary =
    bad === 0
      ? `${checked.length} templates can be published.`
      : `${bad} of ${checked.length} templates cannot be published.`;
  return `${lines.join('')}${summary}\n`;
}
