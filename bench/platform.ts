import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { Client as Temporal, Connection } from '@temporalio/client';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { Client } from 'pg';

import { startInbox } from '../cli/dev/inbox/start-inbox.ts';
import { startTemporalDevServer } from '../cli/dev/temporal-server.ts';
import { withScratchDatabase } from '../cli/dev/with-scratch-database.ts';
import { ensureRoles, LOGIN_ROLES, roleUrl } from '../db/roles.ts';
import { startWorker } from '../worker/start-worker.ts';
import type { Measurement } from './measure.ts';

const PASSWORD = 'bench';
const KEYS = `bench:${Buffer.alloc(32, 7).toString('base64')}`;
const LONGEST_MS = 20 * 60_000;
const TELL_MS = 15_000;

/** How many couples a crowd is; `BENCH_COUPLES=500` for a quick look. */
export const CROWD = Number(process.env['BENCH_COUPLES'] ?? 10_000);

/** Everything on this machine, with one worker, for benches of the platform as a whole. */
export interface BenchPlatform<Seeded> {
  readonly admin: Client;
  readonly apiUrl: string;
  readonly temporal: Temporal;
  readonly temporalAddress: string;
  readonly seeded: Seeded;
}

/**
 * Starts Postgres, Temporal's development server (SQLite, so that durations say nothing about a real one), an inbox and
 * a worker, and ends them again.
 */
export async function withPlatform<Seeded, T>(
  seed: (admin: Client, apiUrl: string) => Promise<Seeded>,
  measure: (platform: BenchPlatform<Seeded>) => Promise<T>,
): Promise<T> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const folder = await mkdtemp(join(tmpdir(), 'wedsync-bench-'));
  const [temporal, inbox] = await Promise.all([
    startTemporalDevServer({ uiPort: false, dataFolder: join(folder, 'temporal') }),
    startInbox(),
  ]);
  try {
    return await withScratchDatabase(async (adminUrl) => {
      await ensureRoles(adminUrl, Object.fromEntries(LOGIN_ROLES.map((role) => [role, PASSWORD])));
      const urlOf = (role: 'app_api' | 'app_worker' | 'app_relay'): string => roleUrl(adminUrl, role, PASSWORD);
      const admin = new Client({ connectionString: adminUrl });
      await admin.connect();
      const seeded = await seed(admin, urlOf('app_api'));
      const worker = await startWorker({
        databaseUrls: { worker: urlOf('app_worker'), relay: urlOf('app_relay') },
        temporal: { address: temporal.address, namespace: temporal.namespace },
        encryptionKeys: KEYS,
        smtpUrl: inbox.smtpUrl,
        mailFrom: 'journeys@example.com',
      });
      const connection = await Connection.connect({ address: temporal.address });
      try {
        return await measure({
          admin,
          apiUrl: urlOf('app_api'),
          temporal: new Temporal({ connection }),
          temporalAddress: temporal.address,
          seeded,
        });
      } finally {
        await connection.close();
        await worker.stop();
        await admin.end();
      }
    });
  } finally {
    await Promise.all([temporal.stop(), inbox.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

export async function count(admin: Client, table: string, where = 'true'): Promise<number> {
  const from = table.startsWith('(') ? table : `app.${table}`;
  const { rows } = await admin.query<{ count: string }>(`select count(*) from ${from} where ${where}`);
  return Number(rows[0]?.count ?? 0);
}

export async function running(temporal: Temporal): Promise<number> {
  return (await temporal.workflow.count(`WorkflowType = 'journeyRun'`)).count;
}

/**
 * Looks until there is an answer, and tells now and then how far it is.
 *
 * @param progress how far it is: said every quarter of a minute, and when it was given up
 * @throws BenchEnded after twenty minutes
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | false | undefined>,
  { progress = async () => 'not yet', everyMs = 500 }: { progress?: () => Promise<string>; everyMs?: number } = {},
): Promise<T> {
  const begun = performance.now();
  let told = begun;
  for (;;) {
    const seen = await look();
    if (seen !== false && seen !== undefined) return seen;
    const now = performance.now();
    if (now - begun > LONGEST_MS) {
      throw new BenchEnded(
        `Within ${LONGEST_MS / 60_000} minutes it did not come true that ${what}: ${await progress()}. ` +
          'This machine is too busy or too slow for it: BENCH_COUPLES=1000 takes a smaller crowd.',
      );
    }
    if (now - told > TELL_MS) {
      told = now;
      process.stderr.write(`${what}? ${await progress()}, after ${((now - begun) / 1_000).toFixed(0)} s\n`);
    }
    await delay(everyMs);
  }
}

/** A bench that cannot be finished here, with what to do. */
export class BenchEnded extends Error {}

export function figure(name: string, value: number, unit: string, bound: Measurement['bound']): Measurement {
  return { name, median: value, spread: [value, value], unit, bound };
}
