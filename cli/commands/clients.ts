import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';

import { Command, InvalidArgumentError, Option } from 'commander';
import { isSupportedCountry, type CountryCode } from 'libphonenumber-js/max';
import { Temporal } from 'temporal-polyfill';

import { bringClients, retryClients, type BroughtClients } from '../../services/bring-clients.ts';
import { IMPORT_FIELDS, type ImportField } from '../../services/import-clients/findings.ts';
import type { DateOrder } from '../../services/import-clients/read-date.ts';
import type { ImportOptions } from '../../services/import-clients.ts';
import { assertOneSource, keptWords, nothingKept, refusedCommand } from '../input/refused-command.ts';
import { OperatorError } from '../operator-error.ts';
import { openOrganizationDatabase } from '../organization-database.ts';
import { coloursFor } from '../output/colours.ts';
import { importReportText } from '../output/import-report.ts';
import { writeOut } from '../output/write-out.ts';

interface ImportArguments {
  organization: string;
  data: string;
  dryRun?: boolean;
  update?: boolean;
  journeys: boolean;
  dates?: DateOrder;
  country?: CountryCode;
  map: Record<string, ImportField | null>;
  report?: string;
  retry?: string;
  json?: boolean;
}

/** `wedsync clients`: the couples of an organization. */
export function clientsCommand(): Command {
  return new Command('clients')
    .description('The couples of an organization.')
    .addCommand(importCommand())
    .addCommand(refusedCommand('clients'));
}

function importCommand(): Command {
  return new Command('import')
    .description('Import couples from a CSV file. Each row is checked and reported by itself.')
    .argument('[file]', 'a CSV file in UTF-8; its first line names the columns')
    .requiredOption('--organization <slug>', 'whose couples they are')
    .option('--data <folder>', 'the development set-up whose database is used, unless DATABASE_URL is set', '.wedsync')
    .option('--dry-run', 'say what would happen, write nothing')
    .option('--update', 'give couples that are there already the values of the file')
    .option('--no-journeys', 'set no journey off: for couples whose messages were sent by hand')
    .addOption(new Option('--dates <order>', 'what 06/12/2027 means').choices(['day-first', 'month-first']))
    .option('--country <code>', 'whose telephone numbers stand without a country code, such as GB', parseCountry)
    .option('--map <column=field>', 'what a column holds, where its name does not say it (repeatable)', parseMap, {})
    .option('--retry <import>', 'instead of a file: what was refused of an earlier one (wedsync clients refused)')
    .option('--report <file>', 'also write the report to a file, as JSON')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
Fields: ${IMPORT_FIELDS.join(', ')}.
Tags are separated by |. A column mapped to nothing (--map "Notes=") is left out.

A couple is recognised by external_id, by an email address, or else by both names and the date: the same file can be
imported again, or after an interruption, and makes no couple twice. Refused rows are kept for 90 days: correct what
they say is wrong (--map, --dates, a couple that is in the way), then --retry.

Exit codes: 0 every row is in the database, 1 some were refused, 2 usage.

Examples:
  wedsync clients import couples.csv --organization wildflower-photography --dry-run
  wedsync clients import export.csv --organization the-old-barn --dates day-first --map "Big day=wedding_date"`,
    )
    .action(runImport);
}

async function runImport(path: string | undefined, options: ImportArguments): Promise<void> {
  assertOneSource(path, options.retry);
  const file = path === undefined ? null : await read(path);
  const opened = await openOrganizationDatabase(options.organization, resolve(options.data), process.env);
  try {
    const word = file === null ? (options.retry ?? '') : createHash('sha256').update(file).digest('hex');
    const context = { organizationId: opened.organizationId, actor: 'admin:cli', requestId: `import/${word}` };
    const now = Temporal.Now.instant();
    const said = saidIn(options, file === null);
    const brought =
      file === null
        ? await retryClients(opened.database, context, options.retry ?? '', now, said)
        : await bringClients(opened.database, context, { fileName: basename(path ?? ''), file }, now, said);
    if (brought === null) throw nothingKept('clients', options.retry ?? '');
    await show(brought, options);
  } finally {
    await opened.close();
  }
}

async function read(path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OperatorError(`The file cannot be read: ${reason}. Check the path.`);
  });
}

/** A retry begins with what was said the first time, and takes only what is said now. */
function saidIn(options: ImportArguments, isRetry: boolean): ImportOptions {
  const { map: mapping, update, journeys, dryRun, dates, country } = options;
  return {
    mapping,
    dryRun: dryRun === true,
    ...(isRetry && update !== true ? {} : { update: update === true }),
    ...(isRetry && journeys ? {} : { quiet: !journeys }),
    ...(dates === undefined ? {} : { dateOrder: dates }),
    ...(country === undefined ? {} : { country }),
    ...(process.stderr.isTTY ? { onProgress: showProgress } : {}),
  };
}

async function show({ report, importId }: BroughtClients, options: ImportArguments): Promise<void> {
  const refused = report.counts.refused > 0 || report.findings.some(({ level }) => level === 'error');
  if (refused) process.exitCode = 1;
  const dryRun = options.dryRun === true;
  const kept = dryRun ? null : keptWords('clients', importId, options.organization);
  const json = `${JSON.stringify({ ...report, importId }, null, 2)}\n`;
  if (options.report !== undefined) await writeFile(options.report, json);
  const text = options.json
    ? json
    : `${importReportText(report, dryRun, coloursFor(process.stdout, process.env))}${kept === null ? '' : `${kept}\n`}`;
  await writeOut(process.stdout, text);
}

function showProgress(done: number, total: number): void {
  process.stderr.write(`\r${done} of ${total} rows${done === total ? '\n' : ''}`);
}

function parseCountry(text: string): CountryCode {
  const code = text.toUpperCase();
  if (isSupportedCountry(code)) return code;
  throw new InvalidArgumentError('Two letters of a country, such as GB.');
}

function parseMap(text: string, before: Record<string, ImportField | null>): Record<string, ImportField | null> {
  const at = text.lastIndexOf('=');
  const [column, name] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
  const field = IMPORT_FIELDS.find((known) => known === name);
  if (at < 1 || column === '' || (name !== '' && field === undefined)) {
    throw new InvalidArgumentError(`Write it as "Their column=field", with one of: ${IMPORT_FIELDS.join(', ')}.`);
  }
  return { ...before, [column]: field ?? null };
}
