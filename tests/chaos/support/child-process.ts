import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { WorkerOptions } from '../../../worker/start-worker.ts';
import { eventually } from '../../support/eventually.ts';
import type { Hold, Order } from './hold-statements.ts';

/** A process that is there to be killed. */
export interface Child {
  /** From now on its statements stop at these points. */
  holdAt(holds: readonly Hold[]): Promise<void>;
  /** It ends itself, as by `kill -9`, at the n-th statement after the next lease of the relay. */
  dieAt(statement: number, place: 'before' | 'after'): Promise<void>;
  /** Waits until so many statements are held. */
  held(count: number): Promise<void>;
  /** Whether it is gone. */
  readonly gone: () => boolean;
  /** `kill -9`: nothing of it runs afterwards. */
  kill(): Promise<void>;
}

const pathOf = (name: string): string => fileURLToPath(new URL(`./${name}.ts`, import.meta.url));

/** Starts a process of this folder and waits until it says that it has begun. */
export async function startChild(
  name: 'worker-child' | 'relay-child',
  options: WorkerOptions,
  clockOffByMs = 0,
): Promise<Child> {
  const preloads = [pathOf('hold-statements'), ...(clockOffByMs === 0 ? [] : [pathOf('wrong-clock')])];
  const child = spawn(process.execPath, [...preloads.flatMap((file) => ['--import', file]), pathOf(name)], {
    env: {
      ...process.env,
      WORKER_OPTIONS: JSON.stringify({ ...options, log: undefined }),
      CLOCK_OFF_BY_MS: String(clockOffByMs),
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const exited = once(child, 'exit');
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  let [held, understood] = [0, 0];
  const started = new Promise<void>((resolve, reject) => {
    child.on('message', (message: object) => {
      if ('started' in message) resolve();
      if ('held' in message) held += 1;
      if ('understood' in message) understood += 1;
    });
    child.once('exit', (code) => reject(new Error(`The process ended with code ${code}:\n${output}`)));
  });
  await started;
  const gone = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const order = async (what: Order): Promise<void> => {
    const before = understood;
    child.send(what);
    await eventually('the process has understood', async () => understood > before);
  };
  return {
    holdAt: (holds) => order({ holds }),
    dieAt: (statement, place) => order({ dieAt: { statement, place } }),
    held: async (count) => {
      await eventually(`${count} statements are held (${held} are)`, async () => held >= count, 60_000);
    },
    gone,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
