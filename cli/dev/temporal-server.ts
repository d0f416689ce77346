import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { Connection } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import getPort from 'get-port';

import { searchAttributes } from '../../worker/search-attributes.ts';
import { findTemporalBinary, type FindBinaryOptions } from './temporal-binary.ts';
import { TemporalStartError } from './temporal-start-error.ts';
import { DEV_SERVER } from './temporal-wheels.ts';

export interface TemporalDevServerOptions extends FindBinaryOptions {
  /** A server that runs already (TEMPORAL_ADDRESS): nothing is started then, it is only checked. */
  address?: string | undefined;
  namespace?: string;
  /** Holds the database file, the log and the process id; state survives a restart. Without it all is in memory. */
  dataFolder?: string;
  /** gRPC port on 127.0.0.1; without it a free one. */
  port?: number;
  /** Port of the Web UI; without it a free one; `false` for no UI. */
  uiPort?: number | false;
  /** Where the Web UI has encrypted payloads decoded (Temporal's remote codec protocol). */
  uiCodecEndpoint?: string;
  /** Settings of the server besides ours, for tests of limits. */
  dynamicConfig?: Readonly<Record<string, string | number | boolean>>;
}

export interface TemporalDevServer {
  address: string;
  namespace: string;
  /** Null where the server has no UI or is not ours. */
  uiUrl: string | null;
  /** Process id of the server, null where it is not ours. */
  pid: number | null;
  /** Ends the server, where it is ours, and waits until it is gone. */
  stop: () => Promise<void>;
}

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 10_000;

/**
 * Answers with a Temporal server: the one at `options.address`, or a dev server (SQLite, one shard: for development and
 * tests, never for production) with our search attributes, started here.
 *
 * @throws TemporalStartError with what was tried and what to do
 */
export async function startTemporalDevServer(options: TemporalDevServerOptions = {}): Promise<TemporalDevServer> {
  const namespace = options.namespace ?? 'default';
  if (options.address !== undefined) {
    const { address } = options;
    if (!(await isServing(address, namespace, 5_000))) {
      throw new TemporalStartError(
        'temporal_unreachable',
        `TEMPORAL_ADDRESS is ${address}, but no Temporal server with a namespace "${namespace}" answers there. ` +
          'Start it, correct the address, or unset TEMPORAL_ADDRESS to have a dev server started.',
      );
    }
    return { address, namespace, uiUrl: null, pid: null, stop: async () => {} };
  }

  const binary = await findTemporalBinary(DEV_SERVER, options);
  if (options.dataFolder !== undefined) {
    await mkdir(options.dataFolder, { recursive: true });
    await endLeftover(options.dataFolder);
  }
  options.onProgress?.('starting the Temporal dev server');
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await getPort({ host: '127.0.0.1' }));
    const uiPort = options.uiPort === false ? null : (options.uiPort ?? (await getPort({ host: '127.0.0.1' })));
    const { dataFolder, uiCodecEndpoint, dynamicConfig = {} } = options;
    const started = await launch(binary, { port, uiPort, namespace, dataFolder, uiCodecEndpoint, dynamicConfig });
    if (started.ok) return started.server;
    // Between asking for a free port and binding it, another program may have taken it.
    const portBusy = /address already in use|can't set (frontend|UI) port|port .* in use/i.test(started.log);
    if (portBusy && options.port === undefined && attempt < 5) continue;
    if (portBusy) {
      throw new TemporalStartError(
        'temporal_port_busy',
        `Port ${port} or ${uiPort ?? '-'} on 127.0.0.1 is used by another program. Stop it, or choose other ports.`,
      );
    }
    throw new TemporalStartError(
      'temporal_failed',
      `The Temporal dev server (${binary}) did not start. Its last words:\n${started.log.split('\n').slice(-12).join('\n')}`,
    );
  }
}

interface LaunchOptions {
  port: number;
  uiPort: number | null;
  namespace: string;
  dataFolder: string | undefined;
  uiCodecEndpoint: string | undefined;
  dynamicConfig: Readonly<Record<string, string | number | boolean>>;
}

type Launched = { ok: true; server: TemporalDevServer } | { ok: false; log: string };

async function launch(binary: string, options: LaunchOptions): Promise<Launched> {
  const { port, uiPort, namespace, dataFolder } = options;
  // Its own process group: Ctrl-C in a terminal reaches us alone, and we end the server after the worker.
  const child = spawn(binary, devServerArguments(options), { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let log = '';
  const remember = (chunk: Buffer): void => {
    log = (log + chunk.toString('utf8')).slice(-20_000);
  };
  child.stdout.on('data', remember);
  child.stderr.on('data', remember);
  if (dataFolder !== undefined) {
    const file = createWriteStream(join(dataFolder, 'temporal.log'), { flags: 'a' });
    child.stdout.pipe(file, { end: false });
    child.stderr.pipe(file, { end: false });
    child.once('close', () => file.end());
  }
  const gone = once(child, 'close').catch((error: unknown) => remember(Buffer.from(String(error))));
  const address = `127.0.0.1:${port}`;
  const ready = await Promise.race([
    isServing(address, namespace, START_TIMEOUT_MS, () => child.exitCode !== null || child.pid === undefined),
    gone.then(() => false),
  ]);
  if (!ready || child.pid === undefined) {
    child.kill('SIGKILL');
    await gone;
    return { ok: false, log };
  }
  const pidFile = dataFolder === undefined ? null : join(dataFolder, 'temporal.pid');
  if (pidFile !== null) await writeFile(pidFile, `${child.pid}\n`);
  const stop = async (): Promise<void> => {
    await end(child);
    if (pidFile !== null) await rm(pidFile, { force: true });
  };
  const uiUrl = uiPort === null ? null : `http://127.0.0.1:${uiPort}`;
  return { ok: true, server: { address, namespace, uiUrl, pid: child.pid, stop } };
}

function devServerArguments({
  port,
  uiPort,
  namespace,
  dataFolder,
  uiCodecEndpoint,
  dynamicConfig,
}: LaunchOptions): string[] {
  const flags = ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--namespace', namespace];
  flags.push('--log-level', 'warn', '--log-format', 'pretty');
  if (uiPort === null) flags.push('--headless');
  else flags.push('--ui-port', String(uiPort), '--ui-disable-news-fetch');
  if (uiCodecEndpoint !== undefined) flags.push('--ui-codec-endpoint', uiCodecEndpoint);
  if (dataFolder !== undefined) {
    flags.push('--db-filename', databaseFile(dataFolder));
    for (const pragma of PRAGMAS) flags.push('--sqlite-pragma', pragma);
  }
  for (const key of Object.values(searchAttributes)) {
    flags.push('--search-attribute', `${key.name}=${TypedSearchAttributes.toMetadataType(key.type)}`);
  }
  for (const [name, value] of Object.entries({ ...FAIR, ...dynamicConfig }))
    flags.push('--dynamic-config-value', `${name}=${JSON.stringify(value)}`);
  return flags;
}

/** Organizations take turns in a queue (`fairnessKey`), however long one of them makes it. */
const FAIR = { 'matching.enableFairness': true };

/**
 * Left to itself the server syncs a rollback journal for every write: a sixth of the starts a second, at three times the
 * CPU. This way a server that is killed loses nothing; only a machine that loses power may lose its last seconds.
 */
const PRAGMAS = ['journal_mode=WAL', 'synchronous=NORMAL'];

const databaseFile = (dataFolder: string): string => join(dataFolder, 'temporal.db');

/** Asks until the namespace answers, `timeoutMs` are over, or `givenUp` says that it never will. */
async function isServing(
  address: string,
  namespace: string,
  timeoutMs: number,
  givenUp: () => boolean = () => false,
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline && !givenUp()) {
    const connection = await Connection.connect({ address, connectTimeout: 1_000 }).catch(() => null);
    if (connection !== null) {
      try {
        await connection.withDeadline(Date.now() + 2_000, () =>
          connection.workflowService.describeNamespace({ namespace }),
        );
        return true;
      } catch {
        // Not yet: the frontend answers before the namespace is registered.
      } finally {
        await connection.close();
      }
    }
    await delay(50);
  }
  return false;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'close');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(late);
}

/** A dev server that outlived a killed parent holds our database file; it is ours, so it is ended. */
async function endLeftover(dataFolder: string): Promise<void> {
  const pidFile = join(dataFolder, 'temporal.pid');
  const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).trim());
  if (!Number.isInteger(pid) || pid <= 1) return;
  // The number may belong to another program by now: only a process with our database file on its command line is ours.
  const isOurs = async (): Promise<boolean> =>
    (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes(databaseFile(dataFolder));
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  while (await isOurs()) {
    process.kill(pid, performance.now() < deadline ? 'SIGTERM' : 'SIGKILL');
    await delay(100);
  }
  await rm(pidFile, { force: true });
}
