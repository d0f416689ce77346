import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { migrations, type ReversibleMigration } from '../../db/migrations/index.ts';
import { migrationSql } from './migration-sql.ts';

/** Rules that do not fit, each with its reason. */
const NEVER = [
  'prefer-bigint-over-int', // money in pence, counts and limits: two thousand million are enough
  'require-lock-timeout', // the runner sets both timeouts on its connection
  'require-statement-timeout',
];

/** What locks a table with rows in it: no harm in the first release, whose tables have none. */
const WITH_ROWS = [
  'adding-field-with-default',
  'adding-foreign-key-constraint',
  'constraint-missing-not-valid',
  'disallowed-unique-constraint',
  'require-concurrent-index-creation',
  'require-concurrent-index-deletion',
];
const FIRST_RELEASE_ENDS = '20261201T0000';

export type LintResult = { ok: true } | { ok: false; report: string };

/**
 * Lints the SQL of every migration with squawk: what would lock a large table for long, or could not be taken back.
 *
 * @param set for tests; the project's own by default
 */
export async function lintMigrations(
  set: Readonly<Record<string, ReversibleMigration>> = migrations,
): Promise<LintResult> {
  const binary = squawkBinary();
  if (binary === null) {
    return { ok: false, report: 'squawk is not installed: run "npm ci" again without --omit=optional.' };
  }
  const folder = await mkdtemp(join(tmpdir(), 'wedsync-squawk-'));
  try {
    const kinds = new Map<string, string[]>();
    for (const [name, migration] of Object.entries(set)) {
      const file = join(folder, `${name}.sql`);
      await writeFile(file, await migrationSql(migration));
      const excluded = [...NEVER, ...(name < FIRST_RELEASE_ENDS ? WITH_ROWS : [])].join(',');
      const transaction = name.endsWith('_concurrently') ? '' : '--assume-in-transaction';
      const kind = [`--exclude=${excluded}`, transaction].filter((option) => option !== '').join(' ');
      kinds.set(kind, [...(kinds.get(kind) ?? []), file]);
    }
    let report = '';
    for (const [options, files] of kinds) {
      const run = spawnSync(binary, ['--pg-version=15', '--reporter=gcc', ...options.split(' '), ...files], {
        encoding: 'utf8',
      });
      if (run.error) throw run.error;
      if (run.status !== 0) report += `${run.stdout}${run.stderr}`.replaceAll(`${folder}/`, '');
    }
    return report === '' ? { ok: true } : { ok: false, report };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function squawkBinary(): string | null {
  try {
    const manifest = createRequire(import.meta.url).resolve('@squawk-cli/linux-x64/package.json');
    const binary = join(dirname(manifest), 'bin/squawk');
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}
