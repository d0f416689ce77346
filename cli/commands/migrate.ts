import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Command, InvalidArgumentError } from 'commander';

import { readConfig } from '../../config.ts';
import { migrateDown, migrateUp, readMigrationStates } from '../../db/migrate/migrate.ts';
import { MigrationError } from '../../db/migrate/migration-error.ts';
import { OperatorError } from '../operator-error.ts';

const DESPITE = 'also on a Saturday on which somebody marries';

/** `wedsync migrate up|down|status|create`. */
export function migrateCommand(): Command {
  const migrate = new Command('migrate')
    .description('Bring the database to the form this version of the program needs, or back.')
    .addHelpText(
      'after',
      `
DATABASE_URL names the database: a superuser, or a role that may create roles.
On a Saturday with weddings nothing is changed unless --despite-weddings says so.

Examples:
  wedsync migrate status
  wedsync migrate up
  wedsync migrate down --steps 2
  wedsync migrate create add_venue_parking`,
    );
  migrate
    .command('up')
    .description('run every migration that is missing')
    .option('--despite-weddings', DESPITE)
    .action((options: { despiteWeddings?: boolean }) =>
      explained(async () => {
        const done = await migrateUp({
          adminUrl: adminUrl(),
          onProgress: progress,
          refuseOnWeddings: options.despiteWeddings !== true,
        });
        console.log(done.length === 0 ? 'The database is up to date.' : `Run: ${done.join(', ')}`);
      }),
    );
  migrate
    .command('down')
    .description('take back the newest migrations')
    .option('--steps <number>', 'how many', parseSteps, 1)
    .option('--despite-weddings', DESPITE)
    .action((options: { steps: number; despiteWeddings?: boolean }) =>
      explained(async () => {
        const undone = await migrateDown({
          adminUrl: adminUrl(),
          steps: options.steps,
          onProgress: progress,
          refuseOnWeddings: options.despiteWeddings !== true,
        });
        console.log(undone.length === 0 ? 'There is nothing to take back.' : `Taken back: ${undone.join(', ')}`);
      }),
    );
  migrate
    .command('status')
    .description('say which migrations the database has; exit code 1 where it is not up to date')
    .option('--json', 'for machines')
    .action((options: { json?: boolean }) => explained(() => showStatus(options.json === true)));
  migrate
    .command('create')
    .description('write the file of a new migration and name it in the list')
    .argument('<name>', 'what it does, such as add_venue_parking; ends in _concurrently to run outside a transaction')
    .action((name: string) => createMigration(name));
  return migrate;
}

const adminUrl = (): string => readConfig(process.env, ['DATABASE_URL']).DATABASE_URL ?? '';
const progress = (message: string): void => void process.stderr.write(`${message}\n`);

function parseSteps(text: string): number {
  const steps = Number(text);
  if (!Number.isSafeInteger(steps) || steps < 1) throw new InvalidArgumentError('A number from 1.');
  return steps;
}

/** What a person can mend is said in a sentence; everything else stays an error with its trace. */
async function explained(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof MigrationError) throw new OperatorError(error.message);
    const code = (error as { code?: unknown }).code;
    if (typeof code === 'string' && UNREACHABLE.has(code)) {
      const message = error instanceof Error ? error.message : String(error);
      throw new OperatorError(
        `The database at DATABASE_URL cannot be used: ${message || code}. Check host, port, name and password, and ` +
          'that the server runs.',
      );
    }
    throw error;
  }
}

/** No such host, refused, timed out, wrong password, no such role, no such database. */
const UNREACHABLE = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  '28P01',
  '28000',
  '3D000',
]);

async function showStatus(json: boolean): Promise<void> {
  const states = await readMigrationStates(adminUrl());
  const current = states.every((state) => state.executedAt !== null && state.known);
  if (json) console.log(JSON.stringify({ current, migrations: states }));
  else {
    for (const { name, executedAt, known } of states) {
      const word = !known ? 'unknown to this version' : (executedAt?.toISOString() ?? 'missing');
      console.log(`${name}  ${word}`);
    }
    console.log(current ? '\nThe database is up to date.' : '\nThe database is not up to date.');
  }
  if (!current) process.exitCode = 1;
}

const FOLDER = join(import.meta.dirname, '../../db/migrations');

async function createMigration(given: string): Promise<void> {
  if (!/^[a-z][a-z0-9_]{2,60}$/.test(given)) {
    throw new OperatorError(
      `"${given}" is no name for a migration: small letters, digits and _, as add_venue_parking.`,
    );
  }
  const stamp = new Date().toISOString().slice(0, 16).replaceAll(/[-:]/g, '');
  const name = `${stamp}_${given}`;
  if ((await readdir(FOLDER)).some((file) => file.startsWith(stamp))) {
    throw new OperatorError(
      `There is a migration of this minute already. Wait a minute, so that their order is plain.`,
    );
  }
  await writeFile(join(FOLDER, `${name}.ts`), migrationText(given), { flag: 'wx' });
  const index = join(FOLDER, 'index.ts');
  const text = await readFile(index, 'utf8');
  await writeFile(
    index,
    text
      .replace(/\n\n(\/\*\* A migration that can be taken back)/, `\nimport * as m${stamp} from './${name}.ts';\n\n$1`)
      .replace(/\};\s*$/, `  '${name}': m${stamp},\n};\n`),
  );
  console.log(`Written: db/migrations/${name}.ts, and named in db/migrations/index.ts`);
}

const migrationText = (name: string): string => `import { run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,${name.endsWith('_concurrently') ? '\n    // A concurrent build that failed leaves an invalid index behind.\n    `drop index concurrently if exists app.the_index`,' : ''}
    \`\`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, \`\`);
}
`;
