import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { TEST_KEYS, type World } from './world.ts';

const CLI = fileURLToPath(new URL('../../cli/wedsync.ts', import.meta.url));

/** `wedsync worker` as a process of its own, so that it can be killed. */
export interface WorkerProcess {
  /** `kill -9`: nothing of it runs afterwards. */
  kill(): Promise<void>;
  /** SIGTERM, and waits for the end. Resolves with the exit code. */
  stop(): Promise<number | null>;
  /** What it has written so far. */
  output(): string;
}

/** Starts a worker process and waits until it carries journeys out. */
export async function startWorkerProcess(
  world: World,
  smtpUrl = world.inbox.smtpUrl,
  settings: Readonly<Record<string, string>> = {},
): Promise<WorkerProcess> {
  const { databaseUrls, temporal } = world.workerOptions;
  const child = spawn(process.execPath, [CLI, 'worker', '--send-timeout', '8'], {
    env: {
      ...process.env,
      DATABASE_URL_WORKER: databaseUrls.worker,
      DATABASE_URL_RELAY: databaseUrls.relay,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      SMTP_URL: smtpUrl,
      WEDSYNC_ENCRYPTION_KEYS: TEST_KEYS,
      LOG_LEVEL: 'info',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let output = '';
  const started = new Promise<void>((resolve, reject) => {
    const listen = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
      if (output.includes('carrying out journeys')) resolve();
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('exit', (code) => reject(new Error(`The worker ended with code ${code}:\n${output}`)));
  });
  await started;
  return {
    output: () => output,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
      return child.exitCode;
    },
  };
}
