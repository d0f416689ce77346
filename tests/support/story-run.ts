import { randomUUID } from 'node:crypto';

import { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { pino } from 'pino';

import { toInstant } from '../../activities/clock.ts';
import { createActivities } from '../../activities/create-activities.ts';
import type { NextAction } from '../../activities/next-action.ts';
import { createPlanAhead } from '../../activities/plan-ahead.ts';
import type { Sender } from '../../activities/deliver-message.ts';
import { createTemplateRenderer } from '../../channels/template-renderer.ts';
import { withTenant } from '../../db/tenant.ts';
import { loadExecution, type LoadedExecution } from '../../db/load-execution.ts';
import type { JourneyDefinition } from '../../journeys/definition.ts';
import type { Story } from '../../journeys/story.ts';
import { createJourneyWorkflows, workflowIdOf } from '../../worker/journey-workflows.ts';
import { relayOnce } from '../../worker/relay.ts';
import { eventually } from './eventually.ts';
import type { Kept } from './marks.ts';
import type { TestDatabase } from './postgres.ts';
import { writeEvent } from './story-events.ts';
import { datedByStory, writeStory, type StoryRows } from './story-rows.ts';
import { testDataConverter } from './temporal.ts';
import { WAITING_FOR_WORKER } from './waiting-for-worker.ts';

export interface StoryRun extends Kept {
  /** Definition, facts and ledger at the end of the story. */
  readonly loaded: LoadedExecution;
}

/**
 * Lets a story happen for real: rows, relay, workflow, activities and Postgres as in production; only the clock is
 * virtual and the messages end at the channel.
 */
export async function runForReal(
  env: TestWorkflowEnvironment,
  db: TestDatabase,
  workflowBundle: WorkflowBundle,
  story: Story,
  definition: JourneyDefinition,
): Promise<StoryRun> {
  const taskQueue = randomUUID();
  const startMs = Date.parse(story.facts.execution.startedAt);
  /** How far the story is ahead of the server's clock. */
  let aheadMs = startMs - (await env.currentTimeMs());
  const clock = async (): Promise<Date> => new Date((await env.currentTimeMs()) + aheadMs);
  const rows = await writeStory(db, story, definition);
  const renderer = createTemplateRenderer();
  const seen = { plans: 0, running: 0, last: null as NextAction | null };
  const { planAhead, ...activities } = observed(
    {
      ...createActivities({ database: db.worker, clock, senders: acceptingSenders(), sendTimeoutMs: 10_000, renderer }),
      planAhead: createPlanAhead({ database: db.worker, clock }),
    },
    () => aheadMs,
    seen,
    // While an activity runs the virtual clock stands still: what the step set off is heard of at its own moment.
    async () => void (await drain()),
  );
  const client = new Client({
    connection: env.connection,
    namespace: env.namespace ?? 'default',
    dataConverter: testDataConverter,
  });
  const workflows = createJourneyWorkflows(client, { taskQueue });
  const relay = {
    relayDatabase: db.relay,
    workerDatabase: db.worker,
    workflows,
    log: pino({ level: 'silent' }),
    clock,
    planAhead,
  };

  const startWorker = async () => {
    const worker = await Worker.create({
      connection: env.nativeConnection,
      namespace: env.namespace ?? 'default',
      taskQueue,
      workflowBundle,
      activities,
      dataConverter: testDataConverter,
      // A worker that goes leaves nothing behind: no task waits for what it kept in memory.
      maxCachedWorkflows: story.script.some((event) => event.do === 'worker.down') ? 0 : 100,
    });
    const ran = worker.run();
    return async (): Promise<void> => {
      worker.shutdown();
      await ran;
    };
  };
  const drain = async (): Promise<boolean> => {
    let moved = false;
    await datedByStory(db, rows, await clock());
    while ((await relayOnce(relay)) > 0) moved = true;
    return moved;
  };
  const settled = (plansBefore: number): Promise<unknown> =>
    eventually('the workflow has taken it in', async () => {
      const resting = seen.last?.kind === 'wait' || seen.last?.kind === 'finished';
      return seen.plans > plansBefore && seen.running === 0 && resting && (await nothingIsUnderWay());
    });
  /** Two signals may make two plans: until the second is taken in, the clock must not go on. */
  const nothingIsUnderWay = async (): Promise<boolean> => {
    const workflowId = workflowIdOf(rows.organizationId, await executionIdOf(db, rows));
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    return !WAITING_FOR_WORKER.has(events?.at(-1)?.eventType ?? 0);
  };
  const sleepUntil = async (instant: string): Promise<void> => {
    const ms = Date.parse(instant) - (await clock()).getTime();
    // With no workflow left, the server would go through every long poll of the time in between.
    if (seen.last?.kind === 'finished') aheadMs += Math.max(0, ms);
    else if (ms > 0) await env.sleep(ms);
  };
  /** What the steps did to the rows comes back through the relay, as often as it takes. */
  const takeIn = async (): Promise<void> => {
    for (let plans = seen.plans; await drain(); plans = seen.plans) {
      const open = await db.query(`select from app.journey_executions where client_id = $1 and completed_at is null`, [
        rows.clientId,
      ]);
      if (open.length > 0) await settled(plans);
    }
  };

  let stopWorker = await startWorker();
  try {
    await takeIn();
    for (const event of [...story.script].sort((a, b) => Date.parse(a.at) - Date.parse(b.at))) {
      await sleepUntil(event.at);
      if (event.do === 'worker.down') {
        await stopWorker();
        // With work and nobody to do it the server's clock stands still: the story's goes on without it.
        aheadMs += Math.max(0, Date.parse(String(event.details['until'])) - (await clock()).getTime());
        const plans = seen.plans;
        await workflows.wake(rows.organizationId, await executionIdOf(db, rows), 'back');
        stopWorker = await startWorker();
        await settled(plans);
        continue;
      }
      await writeEvent(db, rows, event);
      await takeIn();
    }
    if (story.expect.until !== null) await sleepUntil(story.expect.until);
    await takeIn();
  } catch (error) {
    // With work and nobody to do it the clock would stand still for the stories that follow.
    await client.workflow.getHandle(workflowIdOf(rows.organizationId, await executionIdOf(db, rows))).terminate();
    throw error;
  } finally {
    await stopWorker();
  }
  const executionId = await executionIdOf(db, rows);
  const { organizationId } = rows;
  const at = toInstant(story.expect.until === null ? await clock() : new Date(story.expect.until));
  const loaded = await withTenant(db.worker, { organizationId, actor: 'test' }, (trx) =>
    loadExecution(trx, executionId, at),
  );
  if (loaded === null) throw new Error('The story made no execution.');
  const handle = client.workflow.getHandle(workflowIdOf(organizationId, executionId));
  const kept = { history: await handle.fetchHistory(), description: (await handle.describe()).raw };
  // What waits for later than the story's end must not hold up the clock of the next one.
  await handle.terminate('the story is told').catch(() => {});
  return { loaded, ...kept };
}

async function executionIdOf(db: TestDatabase, { clientId }: StoryRows): Promise<string> {
  const [execution] = await db.query<{ id: string }>(`select id from app.journey_executions where client_id = $1`, [
    clientId,
  ]);
  return execution?.id ?? '';
}

/** Made by the workflow, or by the relay for it. */
const PLANS: ReadonlySet<string> = new Set(['planStep', 'planAhead']);

interface Observation {
  plans: number;
  running: number;
  last: NextAction | null;
}

/** The server's clock stands somewhere else than the story's: instants that leave for the workflow are translated. */
function observed<T extends object>(
  activities: T,
  aheadMs: () => number,
  seen: Observation,
  afterEach: () => Promise<void>,
): T {
  const wrapped = Object.entries(activities).map(([name, run]: [string, (...args: unknown[]) => Promise<unknown>]) => {
    const watch = async (...args: unknown[]): Promise<unknown> => {
      seen.running += 1;
      try {
        const answer = await run(...args);
        if (!PLANS.has(name)) await afterEach();
        if (typeof answer !== 'object' || answer === null) return answer;
        const next = answer as NextAction;
        seen.last = next;
        if (PLANS.has(name)) seen.plans += 1;
        return next.kind === 'wait' && next.untilMs !== null ? { ...next, untilMs: next.untilMs - aheadMs() } : next;
      } finally {
        seen.running -= 1;
      }
    };
    return [name, watch];
  });
  return Object.fromEntries(wrapped) as T;
}

/** Providers that take everything at once. */
function acceptingSenders(): { email: Sender; sms: Sender; whatsapp: Sender } {
  const sender: Sender = {
    provider: 'test',
    async send(message, options) {
      await options.beforeHandOver?.();
      // As providers do, it speaks of the person.
      return { outcome: 'accepted', providerId: message.communicationId, detail: `Taken for ${message.to.address}.` };
    },
  };
  return { email: sender, sms: sender, whatsapp: sender };
}
