import { randomUUID } from 'node:crypto';

import { MockActivityEnvironment } from '@temporalio/testing';
import { Client } from 'pg';

import { createActivities } from '../../activities/create-activities.ts';
import { createTemplateRenderer } from '../../channels/template-renderer.ts';
import { insertClient } from '../../db/clients.ts';
import { openDatabase, type Database } from '../../db/database.ts';
import { publishJourneyVersion, saveJourneyDraft } from '../../db/journeys.ts';
import { withTenant } from '../../db/tenant.ts';
import { parseDefinition } from '../../journeys/definition.ts';
import type { Measurement } from '../measure.ts';
import { countRoundTrips } from './round-trips.ts';

const STEPS = 40;
/** Further ones, over a line on which round trips can be counted; the first has to connect and is not counted. */
const COUNTED_STEPS = 6;

/**
 * What one sent message costs the database, with a provider that accepts at once: transactions, statements between
 * their beginning and end and the claim, which is a statement by itself, round trips, and log written. Counted at the
 * driver, on the line and by the server, not estimated.
 */
export async function measureSendStep(adminUrl: string, urls: { api: string; worker: string }): Promise<Measurement[]> {
  const admin = new Client({ connectionString: adminUrl });
  await admin.connect();
  await setPageImages(admin, 'off');
  const api = openDatabase({ url: urls.api, poolSize: 1 });
  const renderer = createTemplateRenderer();
  const counts = { transactions: 0, statements: 0 };
  const worker = openDatabase({
    url: urls.worker,
    poolSize: 2,
    onQuery: ({ text }) => {
      if (text === 'begin') counts.transactions += 1;
      else if (text !== 'commit' && text !== 'rollback') counts.statements += 1;
    },
  });
  try {
    const { organizationId, executionIds } = await arrange(admin, api);
    const accepts = {
      provider: 'bench',
      send: async (_message: unknown, { beforeHandOver }: { beforeHandOver?: () => Promise<void> }) => {
        await beforeHandOver?.();
        return { outcome: 'accepted', providerId: `<${randomUUID()}@bench>`, detail: 'accepted' } as const;
      },
    };
    const activitiesOn = (database: Database) =>
      createActivities({
        database,
        clock: () => Promise.resolve(new Date()),
        senders: { email: accepts, sms: accepts, whatsapp: accepts },
        sendTimeoutMs: 10_000,
        renderer,
      });
    const activities = activitiesOn(worker);
    const figures: { transactions: number; statements: number; wal: number; ms: number }[] = [];
    for (const executionId of executionIds.slice(COUNTED_STEPS)) {
      const environment = new MockActivityEnvironment();
      await environment.run((ref) => activities.planStep(ref), { organizationId, executionId });
      Object.assign(counts, { transactions: 0, statements: 0 });
      const before = await walPosition(admin);
      const started = performance.now();
      await environment.run(activities.sendEmail, { organizationId, executionId, key: 'welcome', occurrence: 1 });
      const ms = performance.now() - started;
      figures.push({ ...counts, wal: (await walPosition(admin)) - before, ms });
    }
    const roundTrips = await countedSteps(
      urls.worker,
      activitiesOn,
      organizationId,
      executionIds.slice(0, COUNTED_STEPS),
    );
    const sent = await admin.query(`select from app.communications where status = 'sent' and organization_id = $1`, [
      organizationId,
    ]);
    if (sent.rowCount !== executionIds.length) {
      throw new Error(`Only ${sent.rowCount} of ${executionIds.length} messages were sent.`);
    }
    return [
      line(
        'send step: transactions',
        figures.map((figure) => figure.transactions),
        'count',
        2,
      ),
      line(
        'send step: statements',
        figures.map((figure) => figure.statements),
        'count',
        12,
      ),
      line('send step: round trips', roundTrips, 'count', 6),
      line(
        'send step: log written, page images apart',
        figures.map((figure) => figure.wal),
        'bytes',
        5_120,
      ),
      line(
        'send step: duration',
        figures.map((figure) => figure.ms),
        'ms',
        null,
      ),
    ];
  } finally {
    await setPageImages(admin, 'on');
    await Promise.all([api.close(), worker.close(), renderer.close()]);
    await admin.end();
  }
}

/** Round trips of each send but the first, which connects and prepares. */
async function countedSteps(
  workerUrl: string,
  activitiesOn: (database: Database) => ReturnType<typeof createActivities>,
  organizationId: string,
  executionIds: readonly string[],
): Promise<number[]> {
  const trips = await countRoundTrips(workerUrl);
  const worker = openDatabase({ url: trips.url, poolSize: 1 });
  try {
    const activities = activitiesOn(worker);
    const counted: number[] = [];
    for (const executionId of executionIds) {
      const environment = new MockActivityEnvironment();
      await environment.run((ref) => activities.planStep(ref), { organizationId, executionId });
      trips.take();
      await environment.run(activities.sendEmail, { organizationId, executionId, key: 'welcome', occurrence: 1 });
      counted.push(trips.take());
    }
    return counted.slice(1);
  } finally {
    await worker.close();
    await trips.close();
  }
}

async function arrange(admin: Client, api: ReturnType<typeof openDatabase>) {
  const parsed = parseDefinition({
    schema: 1,
    name: 'Two mails',
    starts: { on: 'manual' },
    // After it the journey goes on, as after every step but the last.
    steps: [
      { key: 'welcome', type: 'email', when: { anchor: 'journey_start' }, template: 'welcome' },
      { key: 'later', type: 'email', when: { anchor: 'journey_start', offset: { days: 30 } }, template: 'welcome' },
    ],
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { definition } = parsed;
  const { rows } = await admin.query<{ id: string }>(
    `insert into app.organizations (name, slug) values ('Bench', 'bench') returning id`,
  );
  const organizationId = rows[0]?.id ?? '';
  const executionIds = await withTenant(api, { organizationId, actor: 'bench' }, async (trx) => {
    const journeyId = (await saveJourneyDraft(trx, { definition })) ?? '';
    const { journeyVersionId } = await publishJourneyVersion(trx, { journeyId, definition });
    await trx
      .insertInto('communication_templates')
      .values({ name: 'welcome', channel: 'email', subject_template: 'Welcome', content_template: 'Hello' })
      .execute();
    const ids: string[] = [];
    for (let n = 0; n < STEPS + COUNTED_STEPS; n += 1) {
      const clientId = await insertClient(trx, { partner_1_name: `Couple ${n}`, status: 'booked' }, [
        { role: 'partner_1', email: `couple-${n}@example.com`, isPrimary: true },
      ]);
      const execution = await trx
        .insertInto('journey_executions')
        .values({
          journey_id: journeyId,
          journey_version_id: journeyVersionId,
          client_id: clientId,
          trigger_event: 'manual',
          status: 'active',
          started_at: new Date(Date.now() - 60_000),
          trigger_at: new Date(Date.now() - 60_000),
        })
        .returning('id')
        .executeTakeFirstOrThrow();
      ids.push(execution.id);
    }
    return ids;
  });
  return { organizationId, executionIds };
}

/**
 * After a checkpoint the first change of a page writes the whole page to the log: how often that happens is the server's
 * setting, and says nothing about a send.
 */
async function setPageImages(admin: Client, value: 'on' | 'off'): Promise<void> {
  await admin.query(`alter system set full_page_writes = ${value}`);
  await admin.query('select pg_reload_conf()');
}

async function walPosition(admin: Client): Promise<number> {
  const { rows } = await admin.query<{ at: string }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as at`,
  );
  return Number(rows[0]?.at);
}

function line(name: string, values: readonly number[], unit: string, atMost: number | null): Measurement {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    name,
    median: sorted[Math.floor(sorted.length / 2)] ?? 0,
    spread: [sorted[0] ?? 0, sorted.at(-1) ?? 0],
    unit,
    bound: atMost === null ? null : { atMost },
  };
}
