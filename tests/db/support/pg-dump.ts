import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A folder of PostgreSQL's client programs, or '' for those on the path. */
export type ClientPrograms = string;

/**
 * The client programs of a major version where this machine has them: they are in no package of npm. Looked for in
 * `PG_BIN`, where Debian puts them, and on the path.
 *
 * @returns null where there are none: the test that needs them says so and is skipped
 */
export function findClientPrograms(major: number): ClientPrograms | null {
  const folders = [process.env['PG_BIN'], `/usr/lib/postgresql/${major}/bin`, ''].filter(
    (folder) => folder !== undefined,
  );
  return folders.find((folder) => isOfMajor(folder, major)) ?? null;
}

function isOfMajor(folder: string, major: number): boolean {
  const { stdout } = spawnSync(join(folder, 'pg_dump'), ['--version'], { encoding: 'utf8' });
  return new RegExp(` ${major}[.]`).test(stdout ?? '');
}

/** As docs/keeping-data.md says: the roles, which belong to the server, then the database into an empty one. */
export async function dumpAndRestore(
  programs: ClientPrograms,
  { fromUrl, toUrl, folder }: { fromUrl: string; toUrl: string; folder: string },
): Promise<void> {
  const [roles, dump] = [join(folder, 'roles.sql'), join(folder, 'wedsync.dump')];
  await run(join(programs, 'pg_dumpall'), [
    '--roles-only',
    '--no-role-passwords',
    '--dbname',
    fromUrl,
    '--file',
    roles,
  ]);
  await run(join(programs, 'pg_dump'), ['--format=custom', '--file', dump, fromUrl]);
  // The superuser is there already, which psql says and goes on.
  await run(join(programs, 'psql'), ['--no-psqlrc', '--quiet', '--dbname', toUrl, '--file', roles]);
  await run(join(programs, 'pg_restore'), ['--exit-on-error', '--dbname', toUrl, dump]);
}
