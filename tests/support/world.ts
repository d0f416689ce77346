import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startInbox, type RunningInbox } from '../../cli/dev/inbox/start-inbox.ts';
import { startTemporalDevServer, type TemporalDevServer } from '../../cli/dev/temporal-server.ts';
import { publishJourneyVersion, saveJourneyDraft } from '../../db/journeys.ts';
import { withTenant } from '../../db/tenant.ts';
import { parseDefinition } from '../../journeys/definition.ts';
import { startWorker, type RunningWorker, type WorkerOptions } from '../../worker/start-worker.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';
import './quiet-runtime.ts';

export const TEST_KEYS = `test:${Buffer.alloc(32, 7).toString('base64')}`;

/** A real Postgres, a real Temporal dev server and a real SMTP server, as `npm run dev` has them. */
export interface World {
  readonly db: TestDatabase;
  readonly temporal: TemporalDevServer;
  readonly inbox: RunningInbox;
  readonly folder: string;
  readonly workerOptions: WorkerOptions;
  startWorker(): Promise<RunningWorker>;
  /**
   * Ends the Temporal server (`kill -9` where it is `killed`) and starts it again over the same database file, on the
   * same port.
   */
  restartTemporal(how?: 'killed'): Promise<void>;
  close(): Promise<void>;
}

/** @param database another one than a fresh one of the run's server */
export async function createWorld(database?: TestDatabase): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'wedsync-world-'));
  const dataFolder = join(folder, 'temporal');
  const [db, first, inbox] = await Promise.all([
    database ?? createTestDatabase(),
    startTemporalDevServer({ uiPort: false, dataFolder }),
    startInbox(),
  ]);
  let temporal = first;
  const port = Number(first.address.split(':')[1]);
  const workers: RunningWorker[] = [];
  const workerOptions: WorkerOptions = {
    databaseUrls: { worker: db.urls.worker, relay: db.urls.relay },
    temporal: { address: first.address, namespace: first.namespace },
    encryptionKeys: TEST_KEYS,
    smtpUrl: inbox.smtpUrl,
    mailFrom: 'journeys@example.com',
    workflowBundlePath: process.env['WORKFLOW_BUNDLE'],
    sendTimeoutMs: 3_000,
    tuning: { shutdownGraceMs: 2_000 },
  };
  return {
    db,
    temporal,
    inbox,
    folder,
    workerOptions,
    async startWorker() {
      const worker = await startWorker(workerOptions);
      workers.push(worker);
      return worker;
    },
    async restartTemporal(how) {
      if (how === 'killed' && temporal.pid !== null) process.kill(temporal.pid, 'SIGKILL');
      await temporal.stop();
      temporal = await startTemporalDevServer({ uiPort: false, dataFolder, port });
    },
    async close() {
      await Promise.allSettled(workers.map((worker) => worker.stop()));
      await Promise.all([temporal.stop(), inbox.stop(), db.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** An organization with one plain template for mails, and journeys published from definitions. */
export interface Supplier {
  readonly organizationId: string;
  readonly journeyIds: readonly string[];
  /** Inserts a couple as any program would, as the superuser past our code. */
  book(couple?: Partial<Couple>): Promise<string>;
}

export interface Couple {
  readonly name: string;
  readonly status: string;
  readonly weddingOn: string | null;
  readonly email: string;
}

let suppliers = 0;

export async function createSupplier(db: TestDatabase, definitions: readonly unknown[]): Promise<Supplier> {
  suppliers += 1;
  const [organization] = await db.query<{ id: string }>(
    `insert into app.organizations (name, slug, timezone) values ('Wildflower', $1, 'Europe/London') returning id`,
    [`wildflower-${suppliers}-${process.pid}`],
  );
  const organizationId = organization?.id ?? '';
  for (const name of ['welcome', 'reminder']) {
    await db.query(
      `insert into app.communication_templates
         (organization_id, name, channel, subject_template, content_template, html_template)
       values ($1, $2, 'email', $3, $4, $4)`,
      [
        organizationId,
        name,
        `${name} for {{ client.coupleName }}`,
        `<p>Dear {{ recipient.firstName }}, {{ organization.name }}</p>`,
      ],
    );
  }
  const journeyIds: string[] = [];
  for (const input of definitions) {
    const parsed = parseDefinition(input);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { definition } = parsed;
    await withTenant(db.api, { organizationId, actor: 'test' }, async (trx) => {
      const journeyId = (await saveJourneyDraft(trx, { definition })) ?? '';
      await publishJourneyVersion(trx, { journeyId, definition });
      journeyIds.push(journeyId);
    });
  }
  return {
    organizationId,
    journeyIds,
    async book({ name = 'Ana Lopez', status = 'booked', weddingOn = '2030-06-15', email = 'ana@example.com' } = {}) {
      const [client] = await db.query<{ id: string }>(
        `with client as (
           insert into app.clients (organization_id, partner_1_name, partner_2_name, status, wedding_date, wedding_timezone)
           values ($1, $2, 'Ben Hill', $3, $4, 'Europe/London') returning organization_id, id
         ), contact as (
           insert into app.client_contacts (organization_id, client_id, role, name, contact_type, contact_value, is_primary)
           select organization_id, id, 'partner_1', $2, 'email', $5, true from client
         )
         select id from client`,
        [organizationId, name, status, weddingOn, email],
      );
      return client?.id ?? '';
    },
  };
}
