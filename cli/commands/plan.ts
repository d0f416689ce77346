import { Command, Option } from 'commander';
import type { JourneyDefinition } from '../../journeys/definition.ts';
import type { Facts, Ledger } from '../../journeys/facts.ts';
import { planJourney } from '../../journeys/plan-journey.ts';
import { readFacts, readJourney, readLedger, type PartResult } from '../input/read-parts.ts';
import { instantOf, sampleFacts } from '../input/sample-facts.ts';
import { OperatorError } from '../operator-error.ts';
import { coloursFor } from '../output/colours.ts';
import { nextLine, planTable } from '../output/plan-table.ts';
import { printParts } from '../output/print-parts.ts';
import { printable } from '../output/printable.ts';
import { writeOut } from '../output/write-out.ts';
import { planLines } from '../plan-lines.ts';

type Options = {
  facts?: string;
  ledger?: string;
  now?: string;
  wedding?: string;
  booked?: string;
  zone?: string;
  json?: boolean;
  stdin?: boolean;
};

/** `wedsync plan`: what a couple gets, when and why. */
export function planCommand(): Command {
  return new Command('plan')
    .description('Show what a couple gets from a journey, when, and why: the plan that the worker would carry out.')
    .argument('[journey]', 'a journey, as YAML or JSON')
    .option('--facts <file>', 'what is known about the couple, as YAML or JSON')
    .option('--ledger <file>', 'what already happened, as YAML or JSON (default: nothing)')
    .option('--wedding <date>', 'instead of --facts: the day of the wedding; left out, it has no date yet')
    .option('--booked <date>', 'instead of --facts: the day, local time or instant of the booking')
    .option('--zone <zone>', "instead of --facts: the supplier's and the wedding's zone (default: Europe/London)")
    .option('--now <instant>', 'plan as of this moment (default: now; with --booked: the booking)')
    .option('--json', 'print the plan as JSON')
    .addOption(
      new Option('--stdin', 'read one { id, definition, facts, ledger?, now } a line, answer one line each').conflicts([
        'facts',
        'ledger',
        'wedding',
        'booked',
        'zone',
        'now',
      ]),
    )
    .addHelpText(
      'after',
      `
Exit codes: 0 planned, 1 the journey or the facts are wrong, 2 usage.
With --stdin each line is answered by { id, plan } or { id, problems }; a bad line does not stop the rest.

Examples:
  wedsync plan journey.yaml --wedding 2027-06-12 --booked 2026-11-20 --zone Europe/London
  wedsync plan journey.yaml --facts couple.yaml --now 2026-11-20T10:00:00Z
  wedsync plan journey.yaml --facts couple.yaml --json | jq '.steps[] | select(.state == "planned")'
  wedsync plan --stdin < questions.ndjson > answers.ndjson`,
    )
    .action(async (file: string | undefined, options: Options) => {
      if (options.stdin) {
        if (file !== undefined)
          throw new OperatorError('--stdin reads the journeys from the lines: leave the file out.');
        return await planLines(process.stdin, process.stdout);
      }
      if (file === undefined)
        throw new OperatorError('which journey? Give a file, or --stdin. See wedsync plan --help.');
      return await planFile(file, options);
    });
}

async function planFile(file: string, options: Options): Promise<void> {
  checkUsage(options);
  const facts = options.facts === undefined ? sample(options) : await readFacts(options.facts);
  const ledger = options.ledger === undefined ? NOTHING_YET : await readLedger(options.ledger);
  const journey = await readJourney(file, facts.ok ? { organization: facts.value.organization } : {});
  if (!journey.ok || !facts.ok || !ledger.ok) return await printParts([journey, facts, ledger], options.json === true);
  const now = nowOf(options, facts.value);
  const plan = planJourney(journey.value, facts.value, ledger.value, now);
  if (options.json) return await writeOut(process.stdout, `${JSON.stringify(plan, null, 2)}\n`);
  const colours = coloursFor(process.stdout, process.env);
  const width = process.stdout.isTTY ? process.stdout.columns : null;
  const head = heading(journey.value, facts.value, now);
  await writeOut(process.stdout, `${colours.bold(head)}\n\n${planTable(plan, colours, width)}\n\n${nextLine(plan)}\n`);
}

const NOTHING_YET: PartResult<Ledger> = { ok: true, value: { steps: [] } };

function checkUsage({ facts, wedding, booked, zone }: Options): void {
  const shorthand = wedding ?? booked ?? zone;
  if (facts !== undefined && shorthand !== undefined) {
    throw new OperatorError('--facts says everything about the couple: leave --wedding, --booked and --zone out.');
  }
  if (facts === undefined && booked === undefined) {
    throw new OperatorError(
      'for which couple? Give --facts couple.yaml, or --booked 2026-11-20 [--wedding 2027-06-12].',
    );
  }
}

function sample({ wedding, booked = '', zone = 'Europe/London' }: Options): PartResult<Facts> {
  return { ok: true, value: sampleFacts({ ...(wedding !== undefined && { wedding }), booked, zone }) };
}

function nowOf({ now, facts: file }: Options, facts: Facts): string {
  if (now !== undefined) return instantOf('--now', now, facts.organization.zone);
  return file === undefined ? facts.execution.startedAt : `${new Date().toISOString().slice(0, 19)}Z`;
}

function heading(definition: JourneyDefinition, facts: Facts, now: string): string {
  const wedding = facts.client.weddingOn === null ? 'wedding date not known' : `wedding on ${facts.client.weddingOn}`;
  return printable(`${definition.name}: ${wedding}, as of ${now}`);
}
