import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const WEDSYNC = fileURLToPath(new URL('../../cli/wedsync.ts', import.meta.url));

export type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/**
 * Runs the real command line in a process of its own, without a terminal.
 *
 * @param options.killWhen the process is killed (SIGKILL) when this comes true; it answers with the code null then
 */
export async function wedsync(
  args: readonly string[],
  options: { input?: string; env?: Record<string, string>; killWhen?: Promise<unknown> } = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [WEDSYNC, ...args], { env: { ...process.env, ...options.env } });
  void options.killWhen?.finally(() => child.kill('SIGKILL')).catch(() => undefined);
  child.stdin.end(options.input ?? '');
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
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
