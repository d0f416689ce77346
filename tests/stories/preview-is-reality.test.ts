import { readdirSync, readFileSync } from 'node:fs';

import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { parseDefinition, type JourneyDefinition } from '../../journeys/definition.ts';
import type { Ledger } from '../../journeys/facts.ts';
import { runStory } from '../../journeys/run-story.ts';
import { parseStory, type Story } from '../../journeys/story.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { runForReal } from '../support/story-run.ts';
import { bundleWorkflows, startVirtualTime } from '../support/temporal.ts';

const read = (path: string): unknown => parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const folder = new URL('../fixtures/scenarios/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

let env: TestWorkflowEnvironment;
let bundle: WorkflowBundle;
let db: TestDatabase;

beforeAll(async () => {
  [env, bundle, db] = await Promise.all([startVirtualTime(), bundleWorkflows(), createTestDatabase()]);
});
afterAll(async () => {
  await env?.teardown();
  await db?.close();
});

function storyOf(file: string): { story: Story; definition: JourneyDefinition } {
  const story = parseStory(read(`../fixtures/scenarios/${file}`));
  if (!story.ok) throw new Error(JSON.stringify(story.problems));
  const definition = parseDefinition(read(`../../journeys/starters/${story.story.journey}.yaml`));
  if (!definition.ok) throw new Error(JSON.stringify(definition.problems));
  return { story: story.story, definition: definition.definition };
}

/** To the minute: a real step takes some milliseconds. */
const minute = (instant: string | null | undefined): string | null =>
  instant === null || instant === undefined
    ? null
    : new Date(Math.round(Date.parse(instant) / 60_000) * 60_000).toISOString();

const told = (ledger: Ledger): string[] =>
  ledger.steps
    .map((step) =>
      [
        `${step.key}#${step.occurrence}`,
        step.state,
        `due ${minute(step.dueAt)}`,
        ...(step.endedAt === undefined ? [] : [`ended ${minute(step.endedAt)}`, step.reason?.code, step.outcome]),
      ]
        .filter((part) => part !== undefined && part !== 'sent')
        .join(' '),
    )
    .sort();

describe('what the preview says is what happens', () => {
  test.each(files)('%s', { timeout: 60_000 }, async (file) => {
    const { story, definition } = storyOf(file);
    const preview = runStory(story, definition);
    const real = await runForReal(env, db, bundle, story, definition);
    expect(told(real.ledger)).toEqual(told(preview.simulation.ledger));
    // Ten steps of a journey fit into 64 KB of history.
    const tens = Math.max(1, real.ledger.steps.filter(({ endedAt }) => endedAt !== undefined).length / 10);
    expect(real.historyBytes).toBeLessThanOrEqual(64 * 1_024 * tens);
  });
});
