import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { bundleWorkflowCode, type BundleOptions, type WorkerOptions } from '@temporalio/worker';

import { FAILURE_CONVERTER_PATH } from './data-converter.ts';
import { WorkerStartError } from './worker-start-error.ts';

/** How the workflows are bundled: the same for workers, tests and replay. */
export function workflowBundleOptions(): BundleOptions {
  return {
    workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
    failureConverterPath: FAILURE_CONVERTER_PATH,
    logger: silent,
  };
}

/**
 * What a worker takes its workflows from: the file made before, or, without one, bundled now, which costs some two
 * seconds of one core.
 *
 * @param bundlePath made by {@link writeWorkflowBundle} from the sources of the same release
 * @throws WorkerStartError where that file is not there
 */
export function workflowSource(bundlePath: string | undefined): Pick<WorkerOptions, 'workflowBundle'> | BundleOptions {
  if (bundlePath === undefined) return workflowBundleOptions();
  if (!existsSync(bundlePath)) {
    throw new WorkerStartError(
      'workflow_bundle_missing',
      `WORKFLOW_BUNDLE is ${bundlePath}, but there is no such file. Make it with "npx wedsync worker --write-bundle ${bundlePath}", or unset WORKFLOW_BUNDLE.`,
    );
  }
  return { workflowBundle: { codePath: bundlePath } };
}

/** Bundles the workflows into a file that workers of this release start from. */
export async function writeWorkflowBundle(bundlePath: string): Promise<void> {
  const { code } = await bundleWorkflowCode(workflowBundleOptions());
  await writeFile(bundlePath, code);
}

/** The bundler tells sizes and durations; nobody asked. Its errors are exceptions. */
const ignore = (): void => {};
const silent = { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
