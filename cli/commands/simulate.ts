import { Command, Option } from 'commander';
import { doubtScript, type ScriptDoubt } from '../../journeys/doubt-script.ts';
import { runStory, type StoryResult } from '../../journeys/run-story.ts';
import { parseScript, type ScriptEvent } from '../../journeys/script.ts';
import { simulate } from '../../journeys/simulate.ts';
import { happenings } from '../../journeys/world-events.ts';
import type { LocatedProblem } from '../../journeys/read-yaml.ts';
import { readFacts, readJourney, readPart, type PartResult } from '../input/read-parts.ts';
import { readStory } from '../input/read-story.ts';
import { instantOf } from '../input/sample-facts.ts';
import { OperatorError } from '../operator-error.ts';
import { coloursFor, type Colours } from '../output/colours.ts';
import { logTable } from '../output/log-table.ts';
import { nextLine } from '../output/plan-table.ts';
import { printParts } from '../output/print-parts.ts';
import { printable } from '../output/printable.ts';
import { problemLines } from '../output/problems.ts';
import { writeOut } from '../output/write-out.ts';

type Options = {
  facts?: string;
  script?: string;
  until?: string;
  story?: string[];
  journeys?: string;
  json?: boolean;
};

/** `wedsync simulate`: a journey in virtual time, with what happens from outside. */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description('Run a journey through virtual time: what goes out, what does not, and why. Nothing is sent.')
    .argument('[journey]', 'a journey, as YAML or JSON')
    .option('--facts <file>', 'what is known about the couple at the start')
    .option('--script <file>', 'what happens from outside: a list of { at, do, ... } (default: nothing)')
    .option('--until <instant>', 'look no further than this day, local time or instant')
    .addOption(
      new Option('--story <files...>', 'run saved stories and tell every difference from what they expect').conflicts([
        'facts',
        'script',
        'until',
      ]),
    )
    .option('--journeys <folder>', 'where the journeys of the stories are (default: journeys/ beside their folder)')
    .option('--json', 'print the log, or the results of the stories, as JSON')
    .addHelpText(
      'after',
      `
Exit codes: 0 simulated (every story as expected), 1 differences, or a file that is wrong, 2 usage.

A script is a list; times without a zone are local times of the organization:
  - { at: "2027-03-20T21:40", do: form.submitted, form: questionnaire }
  - { at: "2027-04-29T10:30", do: payment.succeeded, payment: p1 }
  - { at: "2027-05-01T09:00", do: worker.down, until: "2027-05-01T14:00" }
What can happen: ${happenings().join(', ')}.
Any other name is an event of your own, such as gallery.delivered; one that is spelled nearly like these is pointed out.

Examples:
  wedsync simulate journey.yaml --facts couple.yaml --script events.yaml
  wedsync simulate --story stories/*.yaml --journeys journeys`,
    )
    .action(async (file: string | undefined, options: Options) => {
      if (options.story) return await runStories(file, options.story, options);
      if (options.journeys !== undefined) {
        throw new OperatorError('--journeys says where the journeys of stories are: give --story too.');
      }
      if (file === undefined)
        throw new OperatorError('which journey? Give a file, or --story. See wedsync simulate --help.');
      if (options.facts === undefined) throw new OperatorError('for which couple? Give --facts couple.yaml.');
      return await rehearse(file, options.facts, options);
    });
}

async function rehearse(file: string, factsFile: string, options: Options): Promise<void> {
  const facts = await readFacts(factsFile);
  const zone = facts.ok ? facts.value.organization.zone : 'UTC';
  const journey = await readJourney(file, facts.ok ? { organization: facts.value.organization } : {});
  const script = await readScript(options.script, zone);
  if (!facts.ok || !journey.ok || !script.ok) return await printParts([journey, facts, script], options.json === true);
  const until = options.until === undefined ? {} : { until: instantOf('--until', options.until, zone) };
  const { log, plan } = simulate(journey.value, facts.value, script.value, until);
  const doubts = doubtScript(script.value, journey.value);
  if (options.json) return await writeOut(process.stdout, `${JSON.stringify({ log, plan, doubts }, null, 2)}\n`);
  const colours = coloursFor(process.stdout, process.env);
  const width = process.stdout.isTTY ? process.stdout.columns : null;
  return await writeOut(
    process.stdout,
    `${logTable(log, colours, width)}\n\n${nextLine(plan)}\n${doubtLines(doubts, colours)}`,
  );
}

async function readScript(file: string | undefined, zone: string): Promise<PartResult<ScriptEvent[]>> {
  if (file === undefined) return { ok: true, value: [] };
  return await readPart(file, (value) => {
    const parsed = parseScript(value, zone);
    return parsed.ok ? { ok: true, value: parsed.script } : parsed;
  });
}

/** What became of one story: its result, or what is wrong with its files. */
type Told = { readonly file: string } & (
  | { readonly result: StoryResult; readonly problems?: never }
  | { readonly result?: never; readonly problems: { file: string; found: LocatedProblem[] } }
);

async function runStories(journey: string | undefined, files: readonly string[], options: Options): Promise<void> {
  if (journey !== undefined) throw new OperatorError('each story names its journey: leave the journey out.');
  const colours = coloursFor(process.stdout, process.env);
  const told: Told[] = [];
  for (const file of files) {
    const one = await tell(file, options.journeys);
    told.push(one);
    if (!options.json) await writeOut(process.stdout, storyText(one, colours));
  }
  const failed = told.filter(({ result }) => result?.passed !== true).length;
  if (failed > 0) process.exitCode = 1;
  if (options.json) return await writeOut(process.stdout, `${JSON.stringify(summary(told, failed), null, 2)}\n`);
  if (files.length === 1) return undefined;
  const text = `${files.length} stories: ${files.length - failed} as expected, ${failed} not.`;
  return await writeOut(process.stdout, `${failed === 0 ? colours.green(text) : colours.red(text)}\n`);
}

async function tell(file: string, folder: string | undefined): Promise<Told> {
  const read = await readStory(file, folder);
  if (!read.ok) return { file, problems: { file: read.file, found: read.problems } };
  return { file, result: runStory(read.value.story, read.value.definition) };
}

function storyText({ file, result, problems }: Told, colours: Colours): string {
  if (problems) {
    return `${colours.red('✗')} ${printable(file)}\n${problemLines(problems.file, 'error', problems.found, colours)}\n`;
  }
  const mark = result.passed ? colours.green('✓') : colours.red('✗');
  const out = logTable(result.out, colours, process.stdout.isTTY ? process.stdout.columns : null);
  const differences = result.differences.map(({ message }) => `  ${colours.red('differs')}  ${printable(message)}\n`);
  const remarks = `${differences.join('')}${doubtLines(result.doubts, colours)}`;
  return `${mark} ${colours.bold(printable(result.title))} (${printable(file)})\n\n${out}\n\n${remarks}${remarks === '' ? '' : '\n'}`;
}

function doubtLines(doubts: readonly ScriptDoubt[], colours: Colours): string {
  return doubts
    .map(({ row, message }) => `  ${colours.yellow('warning')}  row ${row} of the script: ${printable(message)}\n`)
    .join('');
}

function summary(told: readonly Told[], failed: number): unknown {
  return {
    passed: failed === 0,
    stories: told.map(({ file, result, problems }) =>
      result
        ? {
            file,
            title: result.title,
            passed: result.passed,
            out: result.out,
            differences: result.differences,
            doubts: result.doubts,
          }
        : { file, passed: false, problems: problems.found.map((problem) => ({ file: problems.file, ...problem })) },
    ),
  };
}
