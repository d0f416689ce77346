import { readdirSync, readFileSync } from 'node:fs';

import { defaultPayloadConverter } from '@temporalio/common';
import proto, { type temporal } from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { runContinued } from '../support/continued-run.ts';
import { KERNEL_FEATURES, runFeature } from '../support/kernel-features.ts';
import { bundleWorkflows, startVirtualTime, testDataConverter } from '../support/temporal.ts';

const folder = new URL('histories/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.bin'));
const read = (file: string): temporal.api.history.v1.History =>
  proto.temporal.api.history.v1.History.decode(readFileSync(new URL(file, folder)));

/** What replay does not notice: how long the timers are, and what the activities are given. */
async function traceOf(events: readonly temporal.api.history.v1.IHistoryEvent[]): Promise<string[]> {
  const lines: string[] = [];
  let startedAt = 0;
  for (const event of events) {
    if (event.eventType === STARTED) startedAt = Number(event.eventTime?.seconds ?? 0);
    const timer = event.timerStartedEventAttributes?.startToFireTimeout;
    if (timer) lines.push(`timer ${Math.round(Number(timer.seconds) / 60)} min`);
    const activity = event.activityTaskScheduledEventAttributes;
    if (activity) {
      const at = Number(event.eventTime?.seconds ?? 0) - startedAt;
      const [input] = (await testDataConverter.payloadCodecs?.[0]?.decode(activity.input?.payloads ?? [])) ?? [];
      const given = input === undefined ? {} : defaultPayloadConverter.fromPayload<Record<string, unknown>>(input);
      const { key, occurrence } = given;
      const names = Object.keys(given).sort().join(',');
      lines.push(
        `${activity.activityType?.name ?? ''} ${String(key)}#${String(occurrence)} (${names}) after ${Math.round(at / 60)} min`,
      );
    }
  }
  // Signals that come together may be taken in together or one by one: the same timer is then set once or again.
  return lines.filter((line, index) => line !== lines[index - 1]);
}
const featureOf = (file: string): string => file.slice('2026-11-21-'.length, -'.bin'.length).replace(/\.\d+$/, '');
const CONTINUED = 'continued';
const DAY = '2026-11-21'.length;
const STARTED = proto.temporal.api.enums.v1.EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED;

let env: TestWorkflowEnvironment;
let workflowBundle: WorkflowBundle;

beforeAll(async () => {
  [env, workflowBundle] = await Promise.all([startVirtualTime(), bundleWorkflows()]);
});
afterAll(async () => env?.teardown());

describe('histories of executions that sleep', () => {
  test('there is one for every feature', () => {
    expect(new Set(files.map(featureOf))).toEqual(new Set([...Object.keys(KERNEL_FEATURES), CONTINUED]));
  });

  test('all go on with the code of today', async () => {
    const histories = files.map((file) => ({ workflowId: `recorded/${file}`, history: read(file) }));
    const problems: string[] = [];
    for await (const { workflowId, error } of Worker.runReplayHistories(
      { workflowBundle, dataConverter: testDataConverter },
      histories,
    )) {
      if (error !== undefined) problems.push(`${workflowId}: ${error.message}`);
    }
    expect(problems).toEqual([]);
  });

  const newestOf = (name: string): string[] => {
    const mine = files.filter((file) => featureOf(file) === name).sort();
    return mine.filter((file) => file.slice(0, DAY) === mine.at(-1)?.slice(0, DAY));
  };

  test.each(Object.keys(KERNEL_FEATURES).flatMap((name) => [100, 0].map((cached) => ({ name, cached }))))(
    '$name: timers and inputs are those that were recorded ($cached in memory)',
    async ({ name, cached }) => {
      const fresh = await runFeature(env, workflowBundle, name, cached);
      const [recorded = ''] = newestOf(name);
      expect(await traceOf(fresh.events ?? [])).toEqual(await traceOf(read(recorded).events));
    },
  );

  test('an execution with a long history goes on as new between two steps, and misses none', async () => {
    const { histories, sent } = await runContinued(workflowBundle);
    expect(sent).toEqual(Array.from({ length: sent.length }, (_, index) => `step${index}`));
    expect(sent).toHaveLength(12);
    expect(histories.length).toBeGreaterThan(2);
    const recorded = newestOf(CONTINUED).map((file) => read(file).events);
    expect(recorded.length).toBeGreaterThan(2);
    // What it goes on with: the ids, and nothing else.
    const inputs = [...histories.map(({ events }) => events ?? []), ...recorded].map(
      (events) => events[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.length,
    );
    expect(new Set(inputs)).toEqual(new Set([1]));
  });
});
