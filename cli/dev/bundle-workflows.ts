import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CLI = fileURLToPath(new URL('../wedsync.ts', import.meta.url));

/**
 * Bundles the workflows in a process of its own: it takes some two seconds of one core, which are over while Postgres
 * is made ready on the other.
 *
 * @param signal ends it early
 * @throws where the workflows cannot be bundled, with what the bundler said
 */
export async function bundleWorkflows(bundlePath: string, signal: AbortSignal): Promise<void> {
  await promisify(execFile)(process.execPath, [CLI, 'worker', '--write-bundle', bundlePath], { signal });
}
