import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Client as Postgres } from 'pg';

import { createActivities } from '../activities/create-activities.ts';
import { createTemplateRenderer } from '../channels/template-renderer.ts';
import type { Sender } from '../activities/deliver-message.ts';
import { startTemporalDevServer } from '../cli/dev/temporal-server.ts';
import { withScratchDatabase } from '../cli/dev/with-scratch-database.ts';
import { openDatabase, type Database } from '../db/database.ts';
import { insertExecution, executionHeads } from '../db/enrolments.ts';
import { publishJourneyVersion, saveJourneyDraft } from '../db/journeys.ts';
import { ensureRoles, LOGIN_ROLES, roleUrl } from '../db/roles.ts';
import { withTenant } from '../db/tenant.ts';
import { parseDefinition } from '../journeys/definition.ts';
import { createDataConverter } from '../worker/data-converter.ts';
import { createJourneyWorkflows, workflowIdOf } from '../worker/journey-workflows.ts';
import { parseKeyRing } from '../worker/key-ring.ts';
import { workflowBundleOptions } from '../worker/workflow-bundle.ts';
import { createHandCoded } from './execution/hand-coded-activity.ts';
import type { handCoded } from './execution/workflows.ts';
import type { Measurement } from './measure.ts';

const PASSWORD = 'bench';
const STEPS = 10;
const COUPLES = 20;
const ROUNDS = 5;

interface Figures {
  readonly stepsPerSecond: number;
  readonly cpuMsPerStep: number;
}

/**
 * Our workflow against one written by hand for the same journey, which makes the same writes but plans nothing: pairs of
 * runs in turn, on the same development server and database. Only the ratios say something; that server has one shard.
 */
export async function executionBench(): Promise<Measurement[]> {
  Runtime.install({ logger: new DefaultLogger('WARN') });
  const temporal = await startTemporalDevServer({ uiPort: false });
  try {
    return await withScratchDatabase(async (adminUrl) => {
      await ensureRoles(adminUrl, Object.fromEntries(LOGIN_ROLES.map((role) => [role, PASSWORD])));
      const database = openDatabase({ url: roleUrl(adminUrl, 'app_worker', PASSWORD), poolSize: 10 });
      const api = openDatabase({ url: roleUrl(adminUrl, 'app_api', PASSWORD), poolSize: 2 });
      const admin = new Postgres({ connectionString: adminUrl });
      await admin.connect();
      try {
        return await compare(temporal.address, database, await seed(admin, api));
      } finally {
        await Promise.all([admin.end(), api.close(), database.close()]);
      }
    });
  } finally {
    await temporal.stop();
  }
}

interface Seeded {
  readonly organizationId: string;
  readonly journeyId: string;
  readonly journeyVersionId: string;
  readonly clientIds: readonly string[];
}

async function seed(admin: Postgres, api: Database): Promise<Seeded> {
  const { rows } = await admin.query<{ id: string }>(
    `insert into app.organizations (name, slug) values ('Bench', 'bench') returning id`,
  );
  const organizationId = rows[0]?.id ?? '';
  await admin.query(
    `insert into app.communication_templates (organization_id, name, channel, subject_template, content_template, html_template)
     values ($1, 'words', 'email', 'Subject', 'Words', '<p>Words</p>')`,
    [organizationId],
  );
  const clients = await admin.query<{ id: string }>(
    `with client as (
       insert into app.clients (organization_id, partner_1_name, wedding_date)
       select $1, 'Ana', '2030-06-15' from generate_series(1, $2) returning organization_id, id
     ), contact as (
       insert into app.client_contacts (organization_id, client_id, contact_type, contact_value, is_primary)
       select organization_id, id, 'email', 'ana@example.com', true from client)
     select id from client`,
    [organizationId, COUPLES],
  );
  const parsed = parseDefinition({
    schema: 1,
    name: 'Ten mails',
    starts: { on: 'manual' },
    steps: Array.from({ length: STEPS }, (_, index) => ({
      key: `step_${index}`,
      type: 'email',
      template: 'words',
      purpose: 'transactional',
      when: { anchor: 'journey_start' },
    })),
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { definition } = parsed;
  return withTenant(api, { organizationId, actor: 'bench' }, async (trx) => {
    const journeyId = (await saveJourneyDraft(trx, { definition })) ?? '';
    const { journeyVersionId } = await publishJourneyVersion(trx, { journeyId, definition });
    return { organizationId, journeyId, journeyVersionId, clientIds: clients.rows.map(({ id }) => id) };
  });
}

async function compare(address: string, database: Database, seeded: Seeded): Promise<Measurement[]> {
  const dataConverter = createDataConverter(parseKeyRing(`bench:${Buffer.alloc(32, 7).toString('base64')}`));
  const [connection, nativeConnection] = await Promise.all([
    Connection.connect({ address }),
    NativeConnection.connect({ address }),
  ]);
  const client = new Client({ connection, dataConverter });
  const taskQueue = 'bench';
  const renderer = createTemplateRenderer();
  const worker = await Worker.create({
    connection: nativeConnection,
    taskQueue,
    dataConverter,
    workflowBundle: await bundleWorkflowCode({
      ...workflowBundleOptions(),
      workflowsPath: fileURLToPath(new URL('./execution/workflows.ts', import.meta.url)),
    }),
    activities: {
      ...createActivities({
        database,
        clock: async () => new Date(),
        senders: { email: accepting, sms: accepting, whatsapp: accepting },
        sendTimeoutMs: 10_000,
        renderer,
      }),
      ...createHandCoded(database),
    },
    maxEagerActivityReservationsPerWorkflowTask: 0,
  });
  const workflows = createJourneyWorkflows(client, { taskQueue });
  const ours = async (executionIds: readonly string[]): Promise<void> => {
    const { organizationId } = seeded;
    const heads = await withTenant(database, { organizationId, actor: 'bench' }, (trx) =>
      executionHeads(trx, executionIds),
    );
    await Promise.all(heads.map((head) => workflows.start(head)));
    await Promise.all(executionIds.map((id) => client.workflow.getHandle(workflowIdOf(organizationId, id)).result()));
  };
  const byHand = async (executionIds: readonly string[]): Promise<void> => {
    const { organizationId } = seeded;
    await Promise.all(
      executionIds.map((executionId) =>
        client.workflow.execute<typeof handCoded>('handCoded', {
          taskQueue,
          workflowId: randomUUID(),
          args: [{ organizationId, executionId }, STEPS],
        }),
      ),
    );
  };
  try {
    return await worker.runUntil(async () => {
      const pairs: { ours: Figures; byHand: Figures }[] = [];
      for (let round = 0; round <= ROUNDS; round += 1) {
        const pair = { byHand: await measure(database, seeded, byHand), ours: await measure(database, seeded, ours) };
        // The first pair warms up and does not count.
        if (round > 0) pairs.push(pair);
      }
      return [
        figure(
          'steps a second, against a workflow written by hand',
          pairs.map((pair) => pair.ours.stepsPerSecond / pair.byHand.stepsPerSecond),
          'x',
        ),
        figure(
          'CPU a step, against a workflow written by hand',
          pairs.map((pair) => pair.ours.cpuMsPerStep / pair.byHand.cpuMsPerStep),
          'x',
        ),
        figure(
          'steps a second',
          pairs.map((pair) => pair.ours.stepsPerSecond),
          '/s',
        ),
        figure(
          'CPU a step',
          pairs.map((pair) => pair.ours.cpuMsPerStep),
          'ms',
        ),
      ];
    });
  } finally {
    await connection.close();
    await nativeConnection.close();
    await renderer.close();
  }
}

async function measure(
  database: Database,
  seeded: Seeded,
  run: (executionIds: readonly string[]) => Promise<void>,
): Promise<Figures> {
  const executionIds = await enrol(database, seeded);
  const [beganAt, cpu] = [performance.now(), process.cpuUsage()];
  await run(executionIds);
  const { user, system } = process.cpuUsage(cpu);
  const steps = executionIds.length * STEPS;
  return {
    stepsPerSecond: (steps * 1_000) / (performance.now() - beganAt),
    cpuMsPerStep: (user + system) / 1_000 / steps,
  };
}

async function enrol(database: Database, seeded: Seeded): Promise<string[]> {
  const { organizationId, journeyId, journeyVersionId, clientIds } = seeded;
  const now = new Date();
  return withTenant(database, { organizationId, actor: 'bench' }, async (trx) => {
    const ids: string[] = [];
    for (const clientId of clientIds) {
      const id = await insertExecution(trx, {
        journeyId,
        journeyVersionId,
        clientId,
        triggerKey: randomUUID(),
        triggerEvent: 'manual',
        triggerRef: null,
        triggerAt: now,
        triggerDetails: {},
        startedAt: now,
        unlessEarlier: 'no_matter',
      });
      if (id !== null) ids.push(id);
    }
    return ids;
  });
}

/** A provider that takes everything at once: what is measured is ours. */
const accepting: Sender = {
  provider: 'bench',
  async send(message, options) {
    await options.beforeHandOver?.();
    return { outcome: 'accepted', providerId: message.communicationId, detail: 'Taken.' };
  },
};

/** Only reported: how far a planner may be from none is a goal, and a shared machine judges nobody. */
function figure(name: string, values: readonly number[], unit: string): Measurement {
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return { name, median, spread: [sorted[0] ?? 0, sorted.at(-1) ?? 0], unit, bound: null };
}
