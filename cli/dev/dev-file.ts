import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { OperatorError } from '../operator-error.ts';

const devFileSchema = z.object({
  pid: z.int().positive(),
  apiUrl: z.url(),
  inboxUrl: z.url(),
  smtpUrl: z.string(),
  temporalAddress: z.string(),
  temporalNamespace: z.string(),
  temporalUiUrl: z.url().nullable(),
  /** Temporal's metrics and ours, as Prometheus reads them. */
  metricsUrl: z.url(),
  /** The administrator: sees every organization, for psql. */
  databaseUrl: z.string(),
  databaseUrls: z.object({ api: z.string(), worker: z.string(), relay: z.string() }),
});

/** What `<data>/dev.json` tells other programs about the running development set-up. */
export type DevFile = z.infer<typeof devFileSchema>;

const fileOf = (dataFolder: string): string => join(dataFolder, 'dev.json');

/** Writes the file in one go: a reader sees all of it or none. Only the owner may read it, for it holds passwords. */
export async function writeDevFile(dataFolder: string, content: DevFile): Promise<void> {
  const temporary = `${fileOf(dataFolder)}.${process.pid}`;
  await writeFile(temporary, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  await rename(temporary, fileOf(dataFolder));
}

export async function removeDevFile(dataFolder: string): Promise<void> {
  await rm(fileOf(dataFolder), { force: true });
}

/**
 * Makes sure that no other `wedsync dev` works on this folder, and that the folder can be written.
 *
 * @throws OperatorError naming the running one, or what is wrong with the folder
 */
export async function claimDataFolder(dataFolder: string): Promise<void> {
  try {
    await mkdir(dataFolder, { recursive: true });
    await writeFile(join(dataFolder, '.writable'), '');
    await rm(join(dataFolder, '.writable'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OperatorError(`The data folder ${dataFolder} cannot be written (${reason}). Choose another with --data.`);
  }
  const known = await readDevFile(dataFolder);
  if (known && known.pid !== process.pid && isAlive(known.pid) && (await answers(known.apiUrl))) {
    throw new OperatorError(
      `WedSync runs already on ${dataFolder} (process ${known.pid}, ${known.apiUrl}). ` +
        'Stop it with Ctrl-C there, or give this one a folder of its own with --data.',
    );
  }
}

/** What runs on `dataFolder`, or ran and was ended in the middle; null: nothing is known. */
export async function readDevFile(dataFolder: string): Promise<DevFile | null> {
  const text = await readFile(fileOf(dataFolder), 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return devFileSchema.parse(JSON.parse(text));
  } catch {
    // Left half-written by another version or a full disk: it says nothing, and the next write replaces it.
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** A process id alone says little: after a restart of the machine another program may have it. */
async function answers(apiUrl: string): Promise<boolean> {
  try {
    return (await fetch(new URL('/healthz', apiUrl), { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}
