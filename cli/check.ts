// `npm run check`: every static check of the project, each named, as many at once as there are processors. Stops with
// exit code 1 at the end when any failed, so that one run shows all that is wrong.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { text } from 'node:stream/consumers';

interface Check {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** The long ones that keep one processor busy first. */
const CHECKS: readonly Check[] = [
  { name: 'generated', command: 'node', args: ['cli/wedsync.ts', 'db', 'generate', '--check'] },
  { name: 'lint', command: 'oxlint', args: ['--deny-warnings', '--type-aware'] },
  { name: 'types', command: 'tsc', args: [] },
  { name: 'unused', command: 'knip', args: ['--no-progress'] },
  { name: 'format', command: 'oxfmt', args: ['--check'] },
  { name: 'migrations', command: 'node', args: ['cli/wedsync.ts', 'db', 'lint'] },
];

const env = { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }) };
const waiting = [...CHECKS];
const failed: string[] = [];
await Promise.all(Array.from({ length: availableParallelism() }, work));
if (failed.length > 0) {
  console.error(`\nnpm run check: ${failed.join(', ')} failed. What each found stands above.`);
  process.exit(1);
}

async function work(): Promise<void> {
  for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) await run(check);
}

/** What it says is shown at its end, so that two of them do not talk at once. */
async function run({ name, command, args }: Check): Promise<void> {
  const started = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const ended = new Promise<string | null>((resolve) => {
    child.on('error', ({ message }) => resolve(message));
    child.on('close', (code) => resolve(code === 0 ? null : ''));
  });
  const [found, more, problem] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  process.stdout.write(found + more);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (problem !== null) failed.push(name);
  console.log(`${problem === null ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)${problem ? `: ${problem}` : ''}`);
}
