import { fileURLToPath } from 'node:url';

import type { DataConverter } from '@temporalio/common';

import type { KeyRing } from './key-ring.ts';
import { createPayloadCodec } from './payload-codec.ts';

/** The one way between our values and Temporal's bytes: the same for worker, client, tests and replay. */
export function createDataConverter(ring: KeyRing): DataConverter {
  return { failureConverterPath: FAILURE_CONVERTER_PATH, payloadCodecs: [createPayloadCodec(ring)] };
}

/** The bundle of the workflows needs it too. */
export const FAILURE_CONVERTER_PATH = fileURLToPath(new URL('../workflows/failure-converter.ts', import.meta.url));
