import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Command } from 'commander';

import { upkeepCommands } from './db-upkeep.ts';

const ROOT = join(import.meta.dirname, '../..');

/** `wedsync db ...`: what is derived from the database, and its upkeep. */
export function dbCommand(): Command {
  const db = new Command('db').description('What is derived from the database, and its upkeep.');
  db.command('generate')
    .alias('types')
    .description('write db/types.gen.ts and docs/database.md from a freshly migrated database')
    .option('--check', 'write nothing; exit code 1 where a file is not what it should be')
    .action(async (options: { check?: boolean }) => {
      for (const [file, text] of await generateFiles())
        await writeOrCheck(join(ROOT, file), text, options.check === true);
    });
  db.command('lint')
    .description('look for SQL in the migrations that would lock a large table, or could not be taken back')
    .action(async () => {
      const { lintMigrations } = await import('../dev/lint-migrations.ts');
      const result = await lintMigrations();
      if (result.ok) return console.log('The migrations are clean.');
      console.error(result.report);
      process.exitCode = 1;
    });
  for (const command of upkeepCommands()) db.addCommand(command);
  return db;
}

async function generateFiles(): Promise<[file: string, text: string][]> {
  const [{ generateTypes }, { readSchema }, { databaseDocs }, { withScratchDatabase }] = await Promise.all([
    import('../dev/generate-types.ts'),
    import('../dev/read-schema.ts'),
    import('../dev/database-docs.ts'),
    import('../dev/with-scratch-database.ts'),
  ]);
  return withScratchDatabase(async (adminUrl) => [
    ['db/types.gen.ts', await generateTypes(adminUrl)],
    ['docs/database.md', databaseDocs(await readSchema(adminUrl))],
  ]);
}

async function writeOrCheck(file: string, text: string, check: boolean): Promise<void> {
  if (!check) {
    await writeFile(file, text);
    console.log(`Written: ${file}`);
  } else if ((await readFile(file, 'utf8').catch(() => '')) === text) {
    console.log(`${file} is what it should be.`);
  } else {
    console.error(
      `${file} differs from what the migrations make. Run the command without --check and commit the result.`,
    );
    process.exitCode = 1;
  }
}
