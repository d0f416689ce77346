// A process that runs one command line after another, as the real command runs one: see `wedsync` in run-wedsync.ts.
import { setTimeout as pause } from 'node:timers/promises';

import { runCommandLine } from '../../cli/run-command-line.ts';
import type { Asked, Ran } from './run-wedsync.ts';

/** What is open before the first command: the way to whoever asks. */
const OURS = process.getActiveResourcesInfo().length + 1;
/** So long a command may need to close what it opened. */
const CLOSING_MS = 20_000;

async function run({ args, env }: Asked): Promise<Ran> {
  for (const name of Object.keys(process.env)) if (env[name] === undefined) delete process.env[name];
  Object.assign(process.env, env);
  const [stdout, stderr] = [keepWritten(process.stdout), keepWritten(process.stderr)];
  process.exitCode = undefined;
  const code = await runCommandLine([process.execPath, 'wedsync', ...args]).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  });
  // A command of its own process would not come to its end before.
  const open = code === 2 ? [] : await stillOpen();
  if (open.length > 0) process.stderr.write(`wedsync: this command never ends, it left open: ${open.join(', ')}\n`);
  return { code: open.length > 0 ? null : code, stdout: stdout(), stderr: stderr() };
}

/** Keeps what is written to a stream from now on; answers with it, and lets the stream go. */
function keepWritten(stream: NodeJS.WriteStream): () => string {
  let written = '';
  const write = stream.write.bind(stream);
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    written += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    const done = rest.at(-1);
    if (typeof done === 'function') process.nextTick(done);
    return true;
  };
  return () => {
    stream.write = write;
    return written;
  };
}

async function stillOpen(): Promise<string[]> {
  const until = Date.now() + CLOSING_MS;
  for (;;) {
    const open = process.getActiveResourcesInfo();
    if (open.length <= OURS) return [];
    if (Date.now() > until) return open;
    await pause(5, undefined, { ref: false });
  }
}

process.on('message', (asked: Asked) => {
  void run(asked).then((ran) => process.send?.(ran));
});
