import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import getPort from 'get-port';
import { Client } from 'pg';

import { blockingFolder, locatePostgres, UNPRIVILEGED_ID, type BundledVersion } from './postgres-binaries.ts';
import { claimFolder, clearLeftovers, releaseFolder } from './postgres-leftovers.ts';
import { PostgresStartError } from './postgres-start-error.ts';

export interface EmbeddedPostgresOptions {
  /** Holds the data, the superuser's password and the server's log. Created where it does not exist. */
  folder: string;
  /** Which of the bundled servers. Default 18. */
  version?: BundledVersion;
  /** TCP port on 127.0.0.1; without it a free one is taken. */
  port?: number;
  /** `false` trades safety against power loss for speed (`fsync=off`): for tests only. Default true. */
  durable?: boolean;
  /** Further settings of the server, such as shared_buffers. */
  settings?: Readonly<Record<string, string>>;
  /** Told in words what is being done. */
  onProgress?: (message: string) => void;
}

export interface EmbeddedPostgres {
  /** Connection string of the superuser `postgres`, database `postgres`. */
  adminUrl: string;
  port: number;
  pid: number;
  logFile: string;
  /** Ends the server cleanly (open transactions are rolled back) and waits until it is gone. */
  stop: () => Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const isRoot = (): boolean => process.getuid?.() === 0;
/** Nothing of the caller's environment: a PGDATA or LC_ALL there would change what the server does. */
const CHILD_ENV = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' };
const asPostgres = (): { uid?: number; gid?: number } =>
  isRoot() ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : {};

/**
 * Starts the PostgreSQL 18 that npm installed, over the data in `options.folder`.
 *
 * The server survives nothing it should not: a folder left behind by `kill -9` is recovered, one in use by a living
 * process is refused.
 *
 * @throws PostgresStartError with a message that says what to do
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const folder = await reachableFolder(resolve(options.folder), options.onProgress);
  const version = options.version ?? 18;
  const binaries = await locatePostgres({ version, asRoot: isRoot(), copyTo: '/var/tmp/wedsync-postgres' });
  const dataFolder = join(folder, 'data');

  await clearLeftovers(folder, dataFolder);
  await claimFolder(folder);
  const password = await readOrCreatePassword(folder);
  await initialise({ version, folder, dataFolder, binaries, password, onProgress: options.onProgress });

  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await getPort({ host: '127.0.0.1' }));
    const started = await startServer({ ...options, folder, dataFolder, binaries, password, port });
    if (started.ok) return started.server;
    // Between asking for a free port and binding it, another program may have taken it.
    const portTaken = started.log.includes('Address already in use') || started.log.includes('could not bind');
    if (portTaken && options.port === undefined && attempt < 5) continue;
    // Backends of a killed server hold its shared memory for a moment longer than the server itself.
    if (started.log.includes('pre-existing shared memory block') && attempt < 50) {
      await delay(200);
      continue;
    }
    await releaseFolder(folder);
    if (portTaken) {
      throw new PostgresStartError(
        'postgres_port_busy',
        `Port ${port} on 127.0.0.1 is used by another program. Stop it, or choose another port.`,
      );
    }
    throw new PostgresStartError(
      'postgres_failed',
      `PostgreSQL did not start. Its last words:\n${lastLines(started.log, 12)}\n(The whole log: ${join(folder, 'postgres.log')})`,
    );
  }
}

/**
 * Root's server runs as another account; where that one cannot reach the folder, the data lie in a place it can. The
 * folder says where: deleting it means to begin anew, so a place that no folder names is never found again.
 */
async function reachableFolder(wanted: string, onProgress?: (message: string) => void): Promise<string> {
  await mkdir(wanted, { recursive: true });
  if (!isRoot()) return wanted;
  const marker = join(wanted, 'data-lies-in');
  const known = (await readFile(marker, 'utf8').catch(() => '')).trim();
  if (known === '') {
    const blocking = await blockingFolder(wanted);
    // Closed only itself (as temporary folders are): what lies in it has its own permissions, so it may be passed.
    if (blocking === wanted) await chmod(wanted, ((await stat(wanted)).mode & 0o777) | 0o001);
    if (blocking === null || blocking === wanted) return wanted;
  }
  const folder = known === '' ? join('/var/lib/wedsync', randomUUID()) : known;
  onProgress?.(`${wanted} is closed to the account which runs PostgreSQL; the data lie in ${folder}`);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await writeFile(marker, `${folder}\n`);
  return folder;
}

async function readOrCreatePassword(folder: string): Promise<string> {
  const file = join(folder, 'superuser-password');
  const known = await readFile(file, 'utf8').catch(() => null);
  if (known !== null && known.trim() !== '') return known.trim();
  const password = randomBytes(18).toString('base64url');
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  return password;
}

interface InitialiseOptions {
  version: BundledVersion;
  folder: string;
  dataFolder: string;
  binaries: string;
  password: string;
  onProgress: ((message: string) => void) | undefined;
}

async function initialise(options: InitialiseOptions): Promise<void> {
  const present = await readFile(join(options.dataFolder, 'PG_VERSION'), 'utf8').catch(() => null);
  if (present !== null) {
    if (present.trim() === String(options.version)) return;
    throw new PostgresStartError(
      'postgres_data_version',
      `The data in ${options.dataFolder} belong to PostgreSQL ${present.trim()}, this server is ${options.version}. ` +
        'Dump them with the old version, or choose another folder with --data.',
    );
  }
  options.onProgress?.('creating the database cluster');
  // Made beside and renamed: an interrupted initdb must not be taken for a cluster at the next start.
  const fresh = `${options.dataFolder}.new`;
  const passwordFile = join(options.folder, 'initdb-password');
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o700 });
  await writeFile(passwordFile, options.password, { mode: 0o600 });
  if (isRoot()) {
    await chown(fresh, UNPRIVILEGED_ID, UNPRIVILEGED_ID);
    await chown(passwordFile, UNPRIVILEGED_ID, UNPRIVILEGED_ID);
  }
  await chmod(fresh, 0o700);
  const child = spawn(
    join(options.binaries, 'initdb'),
    [
      `--pgdata=${fresh}`,
      '--username=postgres',
      '--encoding=UTF8',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      // Sorting by code point is what both give; the provider that also knows Unicode's cases came with 17.
      ...(options.version >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : ['--no-locale']),
      '--no-sync',
    ],
    { ...asPostgres(), cwd: '/', env: CHILD_ENV, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await exitOf(child);
  await rm(passwordFile, { force: true });
  if (code !== 0) {
    await rm(fresh, { recursive: true, force: true });
    await releaseFolder(options.folder);
    throw new PostgresStartError('postgres_failed', `initdb failed (${code}):\n${lastLines(output, 12)}`);
  }
  await rename(fresh, options.dataFolder);
}

interface StartOptions extends EmbeddedPostgresOptions {
  dataFolder: string;
  binaries: string;
  password: string;
  port: number;
}

type Started = { ok: true; server: EmbeddedPostgres } | { ok: false; log: string };

async function startServer(options: StartOptions): Promise<Started> {
  const settings: Record<string, string> = {
    listen_addresses: '127.0.0.1',
    port: String(options.port),
    unix_socket_directories: '',
    timezone: 'UTC',
    max_connections: '200',
    shared_preload_libraries: 'pg_stat_statements',
    ...(options.durable === false
      ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_wal_size: '2GB' }
      : {}),
    ...options.settings,
  };
  // A file, not a pipe: if this process dies the server must not die of writing to nobody. Each start begins it anew.
  const logFile = join(options.folder, 'postgres.log');
  const log = openSync(logFile, 'w', 0o600);
  const child = spawn(
    join(options.binaries, 'postgres'),
    ['-D', options.dataFolder, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    // Its own session: Ctrl-C in the terminal must reach us first, or the database would be gone before the worker.
    { ...asPostgres(), cwd: '/', env: CHILD_ENV, detached: true, stdio: ['ignore', log, log] },
  );
  closeSync(log);
  const exited = exitOf(child);
  const stopOnExit = (): void => void child.kill('SIGINT');
  process.once('exit', stopOnExit);

  const adminUrl = `postgres://postgres:${options.password}@127.0.0.1:${options.port}/postgres`;
  const ready = await Promise.race([exited.then(() => false), acceptsConnections(adminUrl, child)]);
  if (!ready || child.pid === undefined) {
    process.removeListener('exit', stopOnExit);
    child.kill('SIGQUIT');
    await exited;
    return { ok: false, log: await readFile(logFile, 'utf8').catch(() => '') };
  }
  const stop = async (): Promise<void> => {
    process.removeListener('exit', stopOnExit);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGINT');
      const inTime = await Promise.race([exited.then(() => true), delay(STOP_TIMEOUT_MS, false, { ref: false })]);
      if (!inTime) child.kill('SIGQUIT');
      await exited;
    }
    await releaseFolder(options.folder);
  };
  return { ok: true, server: { adminUrl, port: options.port, pid: child.pid, logFile, stop } };
}

/** Ready means that a query is answered: the log's words depend on the version, a port may be somebody else's. */
async function acceptsConnections(adminUrl: string, child: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
    const client = new Client({ connectionString: adminUrl, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      return true;
    } catch {
      await delay(15);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  return false;
}

/** The exit code; 127 where the program could not be started at all, as a shell would say. */
async function exitOf(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) return child.exitCode;
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } catch {
    return 127;
  }
}

const lastLines = (text: string, count: number): string => text.trim().split('\n').slice(-count).join('\n');
