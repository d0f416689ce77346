// The first half of `npm run record-histories`, whose other half is platform-histories.test.ts: runs the workflow through each of its features on a server with virtual time and keeps the
// histories. Old ones stay: executions that were begun under them sleep for years and must go on with the newest code.
import { writeFileSync } from 'node:fs';

import proto, { type temporal } from '@temporalio/proto';

import { runContinued } from '../support/continued-run.ts';
import { KERNEL_FEATURES, runFeature } from '../support/kernel-features.ts';
import { bundleWorkflows, startVirtualTime } from '../support/temporal.ts';

const env = await startVirtualTime();
const workflowBundle = await bundleWorkflows();
const day = new Date().toISOString().slice(0, 10);
const keep = (name: string, { events }: temporal.api.history.v1.IHistory): void => {
  const bytes = proto.temporal.api.history.v1.History.encode({ events: events ?? [] }).finish();
  writeFileSync(new URL(`histories/${day}-${name}.bin`, import.meta.url), bytes);
  console.log(`${name}: ${events?.length ?? 0} events`);
};
for (const name of Object.keys(KERNEL_FEATURES)) keep(name, await runFeature(env, workflowBundle, name));
for (const [index, history] of (await runContinued(workflowBundle)).histories.entries())
  keep(`continued.${index}`, history);
await env.teardown();
