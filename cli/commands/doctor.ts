import { Client, Connection } from '@temporalio/client';
import { Command } from 'commander';

import { readConfig } from '../../config.ts';
import { openDatabase } from '../../db/database.ts';
import { readMigrationStates } from '../../db/migrate/migrate.ts';
import { assertSearchAttributes } from '../../worker/assert-search-attributes.ts';
import { createDataConverter } from '../../worker/data-converter.ts';
import { createDatabaseClock } from '../../worker/database-clock.ts';
import { createJourneyWorkflows } from '../../worker/journey-workflows.ts';
import { parseKeyRing } from '../../worker/key-ring.ts';
import { reconcile, type Finding } from '../../worker/reconcile.ts';
import { actAs } from '../act-as.ts';
import { readRunning, type RunningPlatform } from '../running-platform.ts';

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** `wedsync doctor`: says in words whether everything is as it should be, and mends what can be mended. */
export function doctorCommand(): Command {
  return new Command('doctor')
    .description(
      'Check database, Temporal and whether both agree about every execution; exit code 1 where they do not.',
    )
    .option('--repair', 'mend what is found')
    .option('--data <folder>', 'data folder of "npm run dev"', '.wedsync')
    .option('--json', 'for machines')
    .action(async (options: { repair?: boolean; data: string; json?: boolean }) => {
      const platform = await readRunning(readConfig(process.env), options.data);
      const checks = [await checkMigrations(platform), await checkTemporal(platform)];
      const findings = checks.every(({ ok }) => ok) ? await compare(platform, options.repair === true) : [];
      if (options.json === true) console.log(JSON.stringify({ checks, findings }));
      else tell(checks, findings);
      if (checks.some(({ ok }) => !ok) || findings.some(({ repaired }) => !repaired)) process.exitCode = 1;
    });
}

async function checkMigrations({ databaseUrl }: RunningPlatform): Promise<Check> {
  const name = 'Postgres and its migrations';
  try {
    const states = await readMigrationStates(databaseUrl);
    const pending = states.filter(({ executedAt }) => executedAt === null).length;
    const unknown = states.filter(({ known }) => !known).length;
    if (pending > 0) return { name, ok: false, detail: `${pending} migrations are missing: run "wedsync migrate up".` };
    if (unknown > 0)
      return { name, ok: false, detail: 'The database is newer than this program: upgrade the program.' };
    return { name, ok: true, detail: `${states.length} migrations, none missing.` };
  } catch (error) {
    return { name, ok: false, detail: messageOf(error) };
  }
}

async function checkTemporal({ temporal }: RunningPlatform): Promise<Check> {
  const name = 'Temporal and its search attributes';
  try {
    const connection = await Connection.connect({ address: temporal.address, ...temporal.connection });
    try {
      await assertSearchAttributes(connection, temporal.namespace);
      return { name, ok: true, detail: `${temporal.address}, namespace "${temporal.namespace}".` };
    } finally {
      await connection.close();
    }
  } catch (error) {
    return { name, ok: false, detail: messageOf(error) };
  }
}

async function compare(platform: RunningPlatform, repair: boolean): Promise<Finding[]> {
  await using opened = new AsyncDisposableStack();
  const open = (role: 'app_relay' | 'app_worker') => {
    const database = openDatabase({
      url: actAs(platform.databaseUrl, role),
      poolSize: 2,
      applicationName: 'wedsync-doctor',
    });
    opened.defer(() => database.close());
    return database;
  };
  const [relayDatabase, workerDatabase] = [open('app_relay'), open('app_worker')];
  const { address, namespace, connection: security } = platform.temporal;
  const connection = await Connection.connect({ address, ...security });
  opened.defer(() => connection.close());
  const dataConverter = createDataConverter(parseKeyRing(platform.encryptionKeys));
  const client = new Client({ connection, namespace, dataConverter });
  const workflows = createJourneyWorkflows(client);
  return reconcile({
    relayDatabase,
    workerDatabase,
    workflows,
    client,
    clock: createDatabaseClock(relayDatabase),
    repair,
  });
}

function tell(checks: readonly Check[], findings: readonly Finding[]): void {
  for (const { name, ok, detail } of checks) console.log(`${ok ? 'ok     ' : 'WRONG  '} ${name}: ${detail}`);
  for (const { kind, subject, repaired, detail } of findings) {
    console.log(`${repaired ? 'mended ' : 'FOUND  '} ${kind.replaceAll('_', ' ')} ${subject}: ${detail}`);
  }
  const open = findings.filter(({ repaired }) => !repaired).length;
  if (checks.every(({ ok }) => ok) && findings.length === 0)
    console.log('ok      Postgres and Temporal agree about every execution.');
  if (open > 0) console.log(`\n${open} findings. "wedsync doctor --repair" mends what can be mended.`);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
