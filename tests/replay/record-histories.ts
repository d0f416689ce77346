// `npm run record-histories`: runs the workflow through each of its features on a server with virtual time and keeps the
// histories. Old ones stay: executions that were begun under them sleep for years and must go on with the newest code.
import { writeFileSync } from 'node:fs';

import proto from '@temporalio/proto';

import { KERNEL_FEATURES, runFeature } from '../support/kernel-features.ts';
import { bundleWorkflows, startVirtualTime } from '../support/temporal.ts';

const env = await startVirtualTime();
const workflowBundle = await bundleWorkflows();
const day = new Date().toISOString().slice(0, 10);
for (const name of Object.keys(KERNEL_FEATURES)) {
  const { events } = await runFeature(env, workflowBundle, name);
  const bytes = proto.temporal.api.history.v1.History.encode({ events: events ?? [] }).finish();
  writeFileSync(new URL(`histories/${day}-${name}.bin`, import.meta.url), bytes);
  console.log(`${name}: ${events?.length ?? 0} events`);
}
await env.teardown();
