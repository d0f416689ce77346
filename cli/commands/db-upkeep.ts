import { resolve } from 'node:path';

import { Command } from 'commander';

import { checkDatabase, type HealthReport, type OpenAlert } from '../../services/check-database.ts';
import { maintainDatabase, type MaintenanceReport } from '../../services/maintain-database.ts';
import { withDatabaseAs } from '../open-as.ts';
import { OperatorError } from '../operator-error.ts';
import { administratorUrl } from '../organization-database.ts';
import { coloursFor, type Colours } from '../output/colours.ts';
import { printable } from '../output/printable.ts';
import { writeOut } from '../output/write-out.ts';

interface Options {
  data: string;
  json?: boolean;
}

/** `wedsync db maintain|health|copy`: the upkeep of the database and what it says about itself. */
export function upkeepCommands(): Command[] {
  return [maintainCommand(), healthCommand(), copyCommand()];
}

const withOptions = (command: Command): Command =>
  command
    .option('--data <folder>', 'the development set-up whose database is used, unless DATABASE_URL is set', '.wedsync')
    .option('--json', 'for machines');

function maintainCommand(): Command {
  return withOptions(new Command('maintain'))
    .description('Do the daily upkeep: months of logs, queues, retention, deletions, counts, seals of the audit.')
    .addHelpText(
      'after',
      `
Run it once a day; again does no harm.
The digests it prints prove later that the audit was not changed: keep them outside the database.

Exit codes: 0 done, 1 the audit could not be sealed because a transaction stays open, 2 no database.`,
    )
    .action(async (options: Options) => {
      const report = await withDatabaseAs('app_ops', resolve(options.data), process.env, (database) =>
        maintainDatabase(database),
      );
      if (report.sealPending) process.exitCode = 1;
      await writeOut(process.stdout, options.json ? `${JSON.stringify(report, null, 2)}\n` : maintenanceText(report));
    });
}

function maintenanceText(report: MaintenanceReport): string {
  const deleted = Object.entries(report.deleted).filter(([, rows]) => rows > 0);
  const lines = [
    `Months of logs: ${report.partitionsCreated} made, ${report.partitionsDropped.length} dropped${list(report.partitionsDropped)}.`,
    `Rows no longer needed: ${deleted.map(([table, rows]) => `${rows} of ${table}`).join(', ') || 'none'}.`,
    ...report.retention.map(
      ({ table, rows, organizationId }) => `Retention of ${organizationId}: ${rows} rows of ${table}.`,
    ),
    `Couples erased: ${report.deletionsFinished} that were asked for, ${report.clientsPurged} deleted long enough ago.`,
    ...(report.organizationsPurged > 0
      ? [`Organizations that were deleted long enough ago: ${report.organizationsPurged} taken away with all they had.`]
      : []),
    ...report.seals.map(
      (seal) =>
        `Audit sealed: no. ${seal.sealNo}, ${seal.rowCount} ${seal.retentionClass} rows of ${seal.month.slice(0, 7)}, ${seal.chainDigest}`,
    ),
    ...(report.sealPending ? ['Audit not sealed: a transaction stays open. The next run goes on with it.'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

const list = (names: readonly string[]): string => (names.length === 0 ? '' : ` (${names.join(', ')})`);

function healthCommand(): Command {
  return withOptions(new Command('health'))
    .description(
      'Say how the database is: checks, open alerts, and with --thorough what contradicts itself in the data.',
    )
    .option('--thorough', 'also compare every reference, count and seal (reads everything)')
    .addHelpText('after', '\nExit codes: 0 nothing is wrong, 1 something is, 2 no database.')
    .action(async (options: Options & { thorough?: boolean }) => {
      const report = await withDatabaseAs('app_ops', resolve(options.data), process.env, (database) =>
        checkDatabase(database, options.thorough === true),
      );
      if (report.health.status !== 'healthy' || report.contradictions.length > 0) process.exitCode = 1;
      const colours = coloursFor(process.stdout, process.env);
      await writeOut(
        process.stdout,
        options.json ? `${JSON.stringify(report, null, 2)}\n` : healthText(report, colours),
      );
    });
}

function healthText({ health, alerts, contradictions }: HealthReport, colours: Colours): string {
  const paint = { ok: colours.green, warning: colours.yellow, critical: colours.red, unknown: colours.dim };
  const alert = ({ severity, code, subject, message, since }: OpenAlert): string =>
    `  ${severity.padEnd(8)} ${code}${subject === '' ? '' : ` ${printable(subject)}`} since ${since}: ${printable(message)}`;
  return [
    `The database is ${health.status}. ${health.meaning}`,
    ...health.checks.map(
      ({ name, state, message }) => `  ${paint[state](state.padEnd(8))} ${name.padEnd(20)} ${message}`,
    ),
    alerts.length === 0 ? 'No alert is open.' : 'Open alerts:',
    ...alerts.map(alert),
    ...contradictions.map(({ check, subject, detail }) => `  ${colours.red(check)} ${printable(subject)}: ${detail}`),
    '',
  ].join('\n');
}

function copyCommand(): Command {
  return new Command('copy')
    .description(
      'Copy everything into an empty database of the same version, and compare it: a restore test, or a move.',
    )
    .requiredOption('--to <url>', 'the administrator of the database to copy into')
    .option('--data <folder>', 'the development set-up that is copied, unless DATABASE_URL is set', '.wedsync')
    .addHelpText(
      'after',
      `
Prepare the other database with "wedsync migrate up" of the same version. Where pg_dump of the server's version is at
hand, that is the better backup: this needs no other program.

Exit codes: 0 the copy is whole, 1 something in it contradicts itself, 2 refused, nothing was written.`,
    )
    .action(async (options: { to: string; data: string }) => {
      const { copyDatabase, CopyError } = await import('../../db/copy-database.ts');
      const fromUrl = await administratorUrl(resolve(options.data), process.env);
      const copied = await copyDatabase({ fromUrl, toUrl: options.to }).catch((error: unknown) => {
        throw error instanceof CopyError ? new OperatorError(error.message) : error;
      });
      const rows = Object.values(copied).reduce((sum, n) => sum + n, 0);
      const { contradictions } = await withDatabaseAs('app_ops', '', { DATABASE_URL: options.to }, (database) =>
        checkDatabase(database, true),
      );
      if (contradictions.length > 0) process.exitCode = 1;
      const found = contradictions.map(({ check, subject, detail }) => `  ${check} ${printable(subject)}: ${detail}`);
      const verdict = found.length === 0 ? 'Nothing in it contradicts itself.' : 'What contradicts itself in it:';
      await writeOut(
        process.stdout,
        `${[`Copied: ${rows} rows of ${Object.keys(copied).length} tables. ${verdict}`, ...found].join('\n')}\n`,
      );
    });
}
