// Vitest's global set-up: the workflows are bundled once a run. Every worker of a test starts from that file, also those
// that are processes of their own: they find it in WORKFLOW_BUNDLE, as in a bigger installation.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { writeWorkflowBundle } from '../../worker/workflow-bundle.ts';

export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'wedsync-test-bundle-'));
  const bundlePath = join(folder, 'workflow-bundle.js');
  await writeWorkflowBundle(bundlePath);
  process.env['WORKFLOW_BUNDLE'] = bundlePath;
  return () => rm(folder, { recursive: true, force: true });
}
