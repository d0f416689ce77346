import { fileURLToPath } from 'node:url';

import type { BundleOptions } from '@temporalio/worker';

import { FAILURE_CONVERTER_PATH } from './data-converter.ts';

/** How the workflows are bundled: the same for workers, tests and replay. */
export function workflowBundleOptions(): BundleOptions {
  return {
    workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
    failureConverterPath: FAILURE_CONVERTER_PATH,
    logger: silent,
  };
}

/** The bundler tells sizes and durations; nobody asked. Its errors are exceptions. */
const ignore = (): void => {};
const silent = { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
