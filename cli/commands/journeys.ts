import { readdir } from 'node:fs/promises';
import { extname, parse } from 'node:path';
import { Command } from 'commander';
import { diffVersions, type VersionDiff } from '../../journeys/diff-versions.ts';
import type { ValidationContext } from '../../journeys/examined.ts';
import type { Channel } from '../../journeys/facts.ts';
import { journeyJsonSchema } from '../../journeys/json-schema.ts';
import { parseDefinition } from '../../journeys/definition.ts';
import { validateDefinition } from '../../journeys/validate.ts';
import type { LocatedProblem } from '../../journeys/read-yaml.ts';
import { readDocument } from '../input/read-document.ts';
import { readJourney } from '../input/read-parts.ts';
import { OperatorError } from '../operator-error.ts';
import { coloursFor, type Colours } from '../output/colours.ts';
import { printParts } from '../output/print-parts.ts';
import { printable } from '../output/printable.ts';
import { problemLines } from '../output/problems.ts';
import { writeOut } from '../output/write-out.ts';

/** `wedsync journeys`: what can be said about journeys without a couple. */
export function journeysCommand(): Command {
  return new Command('journeys')
    .description('Check journeys, print the schema for editors, compare two versions.')
    .addCommand(validateCommand())
    .addCommand(schemaCommand())
    .addCommand(diffCommand());
}

function validateCommand(): Command {
  return new Command('validate')
    .description('Say what is wrong or doubtful about journeys, with line and column.')
    .argument('<journeys...>', 'journeys, as YAML or JSON')
    .option('--templates <folder>', 'also check that the templates exist there: *.mjml for email, *.liquid for texts')
    .option('--json', 'print the findings as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 no errors (warnings are possible), 1 errors, 2 usage.

Examples:
  wedsync journeys validate journeys/starters/*.yaml
  wedsync journeys validate my-journey.yaml --templates templates --json`,
    )
    .action(async (files: string[], options: { templates?: string; json?: boolean }) => {
      const context = options.templates === undefined ? {} : { templates: await templatesIn(options.templates) };
      const findings = await Promise.all(files.map((file) => findingsOf(file, context)));
      if (findings.some(({ errors }) => errors.length > 0)) process.exitCode = 1;
      if (options.json) return await writeOut(process.stdout, `${JSON.stringify(findings, null, 2)}\n`);
      const colours = coloursFor(process.stdout, process.env);
      return await writeOut(process.stdout, findings.map((finding) => findingText(finding, colours)).join(''));
    });
}

type Finding = { readonly file: string; readonly errors: LocatedProblem[]; readonly warnings: LocatedProblem[] };

async function findingsOf(file: string, context: ValidationContext): Promise<Finding> {
  const document = await readDocument(file);
  if (!document.ok) return { file, errors: document.problems, warnings: [] };
  const parsed = parseDefinition(document.value, context);
  if (!parsed.ok) return { file, errors: parsed.problems.map(document.locate), warnings: [] };
  const { warnings } = validateDefinition(parsed.definition, context);
  return { file, errors: [], warnings: warnings.map(document.locate) };
}

function findingText({ file, errors, warnings }: Finding, colours: Colours): string {
  if (errors.length + warnings.length === 0) return `${printable(file)}  ${colours.green('ok')}\n`;
  return problemLines(file, 'error', errors, colours) + problemLines(file, 'warning', warnings, colours);
}

const CHANNELS_OF: Readonly<Record<string, readonly Channel[]>> = {
  '.mjml': ['email'],
  '.liquid': ['sms', 'whatsapp'],
};

async function templatesIn(folder: string): Promise<Map<string, readonly Channel[]>> {
  const names = await readdir(folder).catch(() => {
    throw new OperatorError(`cannot read the folder ${folder}. Check the path.`);
  });
  const templates = new Map<string, readonly Channel[]>();
  for (const name of names) {
    const channels = CHANNELS_OF[extname(name)];
    if (channels === undefined) continue;
    const key = parse(name).name;
    templates.set(key, [...(templates.get(key) ?? []), ...channels]);
  }
  return templates;
}

function schemaCommand(): Command {
  return new Command('schema')
    .description('Print the JSON Schema of a journey.')
    .addHelpText(
      'after',
      `
An editor with the YAML language server completes and checks a journey whose first line names the schema:
  # yaml-language-server: $schema=journey.schema.json

Example:
  wedsync journeys schema > journey.schema.json`,
    )
    .action(async () => await writeOut(process.stdout, `${JSON.stringify(journeyJsonSchema(), null, 2)}\n`));
}

function diffCommand(): Command {
  return new Command('diff')
    .description('Say what differs between two versions of a journey, step by step.')
    .argument('<before>', 'the older version')
    .argument('<after>', 'the newer version')
    .option('--json', 'print the differences as JSON')
    .addHelpText(
      'after',
      `
Steps are compared by key. Exit codes: 0 the same, 1 different or not valid, 2 usage.

Example:
  wedsync journeys diff full-day-v3.yaml full-day-v4.yaml`,
    )
    .action(async (before: string, after: string, options: { json?: boolean }) => {
      const [old, current] = [await readJourney(before), await readJourney(after)];
      if (!old.ok || !current.ok) return await printParts([old, current], options.json === true);
      const diff = diffVersions(old.value, current.value);
      if (!diff.same) process.exitCode = 1;
      const text = options.json
        ? JSON.stringify(diff, null, 2)
        : diffText(diff, coloursFor(process.stdout, process.env));
      return await writeOut(process.stdout, `${text}\n`);
    });
}

function diffText(diff: VersionDiff, colours: Colours): string {
  if (diff.same) return 'The two versions are the same.';
  const marks = { added: colours.green('+'), removed: colours.red('-'), changed: colours.yellow('~') };
  return [
    ...diff.journey.map(({ text }) => `${marks.changed} ${printable(text)}`),
    ...diff.steps.map(({ kind, text }) => `${marks[kind]} ${printable(text)}`),
    ...(diff.reordered.length === 0
      ? []
      : [`${marks.changed} Stand elsewhere in the list: ${diff.reordered.join(', ')}`]),
  ].join('\n');
}
