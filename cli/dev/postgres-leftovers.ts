import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { PostgresStartError } from './postgres-start-error.ts';

/** A process as /proc knows it: the start time tells it from a later one which got the same number. */
interface ProcessIdentity {
  pid: number;
  startTicks: string;
}

async function identify(pid: number): Promise<ProcessIdentity | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  // The second field is the program's name in brackets and may itself hold spaces: count from the last bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  // A zombie has ended; nobody has asked for its result yet.
  return startTicks === undefined || state === 'Z' || state === 'X' ? null : { pid, startTicks };
}

const ownerFile = (folder: string): string => join(folder, 'owner');

/**
 * Notes that this process runs the server in `folder`, so that a second start can tell a running project from what a
 * killed one left behind.
 */
export async function claimFolder(folder: string): Promise<void> {
  const self = await identify(process.pid);
  await writeFile(ownerFile(folder), `${process.pid} ${self?.startTicks ?? ''}\n`);
}

export async function releaseFolder(folder: string): Promise<void> {
  await rm(ownerFile(folder), { force: true });
}

async function livingOwner(folder: string): Promise<number | null> {
  const text = await readFile(ownerFile(folder), 'utf8').catch(() => '');
  const [pid, startTicks] = text.trim().split(' ');
  if (pid === undefined || pid === '' || Number(pid) === process.pid) return null;
  const living = await identify(Number(pid));
  return living !== null && living.startTicks === startTicks ? living.pid : null;
}

/** The postmaster which still serves `dataFolder`, by its own note `postmaster.pid` and by what the process says. */
async function livingPostmaster(dataFolder: string): Promise<ProcessIdentity | null> {
  const note = await readFile(join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => null);
  const pid = Number(note?.split('\n')[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1) return null;
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.split('\0').includes(dataFolder) ? identify(pid) : null;
}

async function ended(process_: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (Date.now() < deadline) {
    const now = await identify(process_.pid);
    if (now === null || now.startTicks !== process_.startTicks) return true;
    await delay(20);
  }
  return false;
}

/**
 * Makes a data folder startable after `kill -9` of whoever ran it: stops the orphaned server, which would otherwise
 * hold the folder for ever, and removes a note which names a process that is not our server.
 *
 * @throws PostgresStartError `postgres_data_in_use` where a living process of this project runs it
 */
export async function clearLeftovers(folder: string, dataFolder: string): Promise<void> {
  const owner = await livingOwner(folder);
  const postmaster = await livingPostmaster(dataFolder);
  if (owner !== null && postmaster !== null) {
    throw new PostgresStartError(
      'postgres_data_in_use',
      `The database in ${folder} is already running, started by process ${owner}. ` +
        'Stop that one first (Ctrl-C there), or choose another folder with --data.',
    );
  }
  if (postmaster !== null) {
    process.kill(postmaster.pid, 'SIGINT');
    if (!(await ended(postmaster, 15_000))) {
      process.kill(postmaster.pid, 'SIGQUIT');
      await ended(postmaster, 5_000);
    }
  }
  if ((await livingPostmaster(dataFolder)) === null) await rm(join(dataFolder, 'postmaster.pid'), { force: true });
}
