import { readdirSync, readFileSync } from 'node:fs';

import proto from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { WorkflowBundle } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { parseDefinition, type JourneyDefinition } from '../../journeys/definition.ts';
import type { Facts, Ledger } from '../../journeys/facts.ts';
import { planJourney } from '../../journeys/plan-journey.ts';
import { runStory, type StoryResult } from '../../journeys/run-story.ts';
import { parseStory, type Story } from '../../journeys/story.ts';
import { clearText, MARKS, marksIn, rawBytes } from '../support/marks.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { runForReal } from '../support/story-run.ts';
import { bundleWorkflows, startVirtualTime } from '../support/temporal.ts';

const read = (path: string): unknown => parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const files = ['scenarios', 'scenarios-more'].flatMap((folder) =>
  readdirSync(new URL(`../fixtures/${folder}/`, import.meta.url)).map((file) => `${folder}/${file}`),
);

let env: TestWorkflowEnvironment;
let bundle: WorkflowBundle;
let db: TestDatabase;

beforeAll(async () => {
  [env, bundle, db] = await Promise.all([startVirtualTime(), bundleWorkflows(), createTestDatabase()]);
  // The stories happen within the next two years.
  await db.query(`select ops.ensure_partitions(24)`);
});
afterAll(async () => {
  await env?.teardown();
  await db?.close();
});

function storyOf(file: string): { story: Story; definition: JourneyDefinition } {
  const story = parseStory(read(`../fixtures/${file}`));
  if (!story.ok) throw new Error(JSON.stringify(story.problems));
  const definition = parseDefinition(read(`../../journeys/starters/${story.story.journey}.yaml`));
  if (!definition.ok) throw new Error(JSON.stringify(definition.problems));
  return { story: story.story, definition: definition.definition };
}

/** Instants to the minute: a real step takes some milliseconds. */
const toMinutes = (text: string): string =>
  text.replaceAll(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z/g, (instant) =>
    new Date(Math.round(Date.parse(instant) / 60_000) * 60_000).toISOString().slice(0, 16),
  );

/** A reason with all its details, in one order. */
const why = (reason: object | undefined): string =>
  JSON.stringify(Object.fromEntries(Object.entries(reason ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))));

/** Every occurrence of every step: what became of it, when, and why; of what is still ahead the plan says why. */
const ledgerLines = ({ steps }: Ledger): string[] =>
  steps
    .map(({ key, occurrence, state, dueAt, endedAt, reason, outcome }) =>
      toMinutes(
        `${key}#${occurrence} ${state} due ${dueAt} ended ${endedAt} ${endedAt === undefined ? '' : why(reason)} ${outcome === 'sent' ? '' : (outcome ?? '')}`,
      ),
    )
    .sort();

/** The plan as it stands at the end of the story. */
const planLines = (definition: JourneyDefinition, facts: Facts, ledger: Ledger, at: string): string[] =>
  planJourney(definition, facts, ledger, at).steps.map(({ key, occurrence, state, dueAt, runAt, reason }) =>
    toMinutes(`${key}#${occurrence} ${state} due ${dueAt} runs ${runAt} ${why(reason)}`),
  );

/** Where each message went, and how many tasks there are. Partners who share an address get one message. */
function effectsOf({ facts }: Story, { simulation }: StoryResult): string[] {
  const addresses = (type: string, roles: readonly string[]): string => {
    const contacts = (facts.contacts ?? []).filter(({ role }) => roles.includes(role));
    const own = contacts.map(({ email, phone }) => (type === 'email' ? email : phone) ?? 'nobody');
    return [...new Set(own)].sort((a, b) => (a < b ? -1 : 1)).join(', ');
  };
  const steps = simulation.log.filter((entry) => entry.kind === 'step');
  const tasks = steps.filter(
    ({ fate, type }) => (fate === 'done' && type === 'task') || fate === 'task_instead' || fate === 'task_besides',
  );
  return [
    ...steps
      .filter(({ fate }) => fate === 'sent')
      .map(({ key, occurrence, type, to }) => `${type} ${key}#${occurrence} to ${addresses(type, to)}`),
    `${tasks.length} tasks`,
  ].sort();
}

async function effectsInRows(executionId: string): Promise<string[]> {
  const messages = await db.query<{ line: string }>(
    `select type || ' ' || step_key || '#' || occurrence || ' to ' || string_agg(recipient, ', ' order by recipient collate "C") as line
       from app.communications where execution_id = $1 and direction = 'outbound' and status = 'sent'
      group by type, step_key, occurrence`,
    [executionId],
  );
  const tasks = await db.query(`select from app.tasks where execution_id = $1`, [executionId]);
  return [...messages.map(({ line }) => line), `${tasks.length} tasks`].sort();
}

interface Question {
  step: string;
  asked: number;
  reminded: number;
  /** Nobody had decided when the reminder was due: a day before the deadline, or after half of the time. */
  late: boolean;
}

/** What was put before the supplier for approval, and what the team was told of it. */
const questionsOf = (executionId: string): Promise<Question[]> =>
  db.query<Question>(
    `select a.step_key as step,
       (select count(*)::int from app.notifications n where n.dedup_key = q.name || '/approval') as asked,
       (select count(*)::int from app.notifications n where n.dedup_key = q.name || '/reminder') as reminded,
       coalesce(a.decided_at, 'infinity')
         >= a.deadline_at - least(interval '24 hours', (a.deadline_at - a.requested_at) / 2) as late
     from app.approvals a, lateral (select concat_ws('/', a.execution_id, a.step_key, a.occurrence) as name) q
     where a.execution_id = $1 and a.deadline_at is not null`,
    [executionId],
  );

/** What is known of the couple, and what people wrote in the course of the story. */
function personal({ facts, script }: Story): string[] {
  const addresses = (facts.contacts ?? []).flatMap(({ email, phone }) => [email, phone]);
  const written = script.flatMap(({ details }) => [details['text'], details['reason']]);
  return [...Object.values(MARKS), ...addresses, ...written].filter(
    (text): text is string => typeof text === 'string' && text.length > 5,
  );
}

describe('what the preview says is what happens, and Temporal hears nothing about the couple', () => {
  test.each(files)('%s', { timeout: 300_000 }, async (file) => {
    const { story, definition } = storyOf(file);
    const preview = runStory(story, definition);
    const { loaded, history, description } = await runForReal(env, db, bundle, story, definition);
    expect(ledgerLines(loaded.ledger)).toEqual(ledgerLines(preview.simulation.ledger));
    expect(await effectsInRows(loaded.executionId)).toEqual(effectsOf(story, preview));
    const questions = await questionsOf(loaded.executionId);
    expect(questions).toEqual(questions.map((one) => ({ ...one, asked: 1, reminded: one.late ? 1 : 0 })));
    const { facts, ledger } = preview.simulation;
    const at = story.expect.until ?? preview.simulation.log.at(-1)?.at ?? facts.execution.startedAt;
    expect(planLines(loaded.definition, loaded.facts, loaded.ledger, at)).toEqual(
      planLines(definition, facts, ledger, at),
    );

    const kept = { history, description };
    const clear = await clearText(kept);
    expect(clear).toContain(loaded.executionId);
    expect(marksIn(rawBytes(kept), personal(story))).toEqual([]);
    expect(marksIn(clear, personal(story))).toEqual([]);
    // Ten steps of a journey fit into 64 KB of history.
    const bytes = proto.temporal.api.history.v1.History.encode(history).finish().length;
    const tens = Math.max(1, loaded.ledger.steps.filter(({ endedAt }) => endedAt !== undefined).length / 10);
    expect(bytes).toBeLessThanOrEqual(64 * 1_024 * tens);
  });
});
