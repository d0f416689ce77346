import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const WEDSYNC = fileURLToPath(new URL('../../cli/wedsync.ts', import.meta.url));
const RUNNER = fileURLToPath(new URL('command-runner.ts', import.meta.url));

export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** What the runner is told: a command line, and all of the environment it has. */
export type Asked = { readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv };

/**
 * Runs the real command line, without a terminal, outside the process of the test: one process runs one command after
 * another, because most of what a command costs is its start. One that reads its input or is to be killed has a process
 * of its own.
 *
 * @param options.killWhen the process is killed (SIGKILL) when this comes true; it answers with the code null then
 */
export async function wedsync(
  args: readonly string[],
  options: { input?: string; env?: Record<string, string>; killWhen?: Promise<unknown> } = {},
): Promise<Ran> {
  const env = { ...process.env, ...options.env };
  const ran = options.input === undefined && options.killWhen === undefined ? inRunner : inOwnProcess;
  return ran({ args, env }, options);
}

async function inOwnProcess(
  { args, env }: Asked,
  { input, killWhen }: { input?: string; killWhen?: Promise<unknown> },
): Promise<Ran> {
  const child = spawn(process.execPath, [WEDSYNC, ...args], { env });
  void killWhen?.finally(() => child.kill('SIGKILL')).catch(() => undefined);
  child.stdin.end(input ?? '');
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

let runner: ChildProcess | null = null;
let last: Promise<unknown> = Promise.resolve();

/** One after the other. */
function inRunner(asked: Asked): Promise<Ran> {
  const ran = last.then(() => ask(asked));
  last = ran.catch(() => undefined);
  return ran;
}

async function ask(asked: Asked): Promise<Ran> {
  runner ??= fork(RUNNER, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const child = runner;
  // It ends with the process of the test, and keeps it no longer than a command takes.
  child.ref();
  child.channel?.ref();
  const ended = new AbortController();
  const { signal } = ended;
  child.send(asked);
  const answer = once(child, 'message', { signal }).then(([ran]) => ran as Ran);
  const death = once(child, 'exit', { signal }).then(() => {
    runner = null;
    throw new Error(`The process that runs commands ended at: wedsync ${asked.args.join(' ')}`);
  });
  try {
    return await Promise.race([answer, death]);
  } finally {
    ended.abort();
    await Promise.allSettled([answer, death]);
    child.unref();
    child.channel?.unref();
  }
}

/** A folder with these files, gone after the test; answers with a function from name to path. */
export async function files(contents: Readonly<Record<string, string>>): Promise<(name: string) => string> {
  const folder = await mkdtemp(join(tmpdir(), 'wedsync-cli-'));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(contents)) await writeFile(join(folder, name), content);
  return (name) => join(folder, name);
}

export const JOURNEY = `schema: 1
name: Small
starts: { on: client.booked }
steps:
  - { key: welcome, type: email, template: welcome, when: { anchor: journey_start, offset: { hours: 1 } } }
  - key: reminder
    type: email
    template: reminder
    when: { anchor: wedding_date, offset: { days: -90 }, at: "09:00", days: working }
`;

export const FACTS = `organization: { zone: Europe/London }
client: { weddingOn: 2027-06-12 }
execution: { startedAt: "2026-11-20T10:00:00Z" }
`;
