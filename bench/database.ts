import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { Client } from 'pg';

import { startEmbeddedPostgres } from '../cli/dev/postgres.ts';
import { migrateUp } from '../db/migrate/migrate.ts';
import { LOGIN_ROLES, roleUrl } from '../db/roles.ts';
import { measureQuestions } from './database/questions.ts';
import { seedDatabase } from './database/seed.ts';
import { measureSendStep } from './database/send-step.ts';
import { medianOf, type Measurement } from './measure.ts';

const PASSWORD = 'bench';

/** A large database on a server that syncs to the disk, with row security on. Takes some minutes. */
export async function databaseBench(): Promise<Measurement[]> {
  const folder = await mkdtemp('/var/tmp/wedsync-bench-');
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres({
    folder: join(folder, 'server'),
    settings: { shared_buffers: '1GB', max_wal_size: '8GB' },
  });
  try {
    const { adminUrl } = server;
    await migrateUp({ adminUrl, passwords: Object.fromEntries(LOGIN_ROLES.map((role) => [role, PASSWORD])) });
    const admin = new Client({ connectionString: adminUrl });
    await admin.connect();
    const say = (what: string): void => void process.stderr.write(`filling the database: ${what}\n`);
    const seeded = await seedDatabase(admin, say);
    const urlOf = (role: 'app_api' | 'app_worker'): string => roleUrl(adminUrl, role, PASSWORD);
    const results = [
      ...(await measureSendStep(adminUrl, { api: urlOf('app_api'), worker: urlOf('app_worker') })),
      ...(await measureQuestions(urlOf('app_worker'), seeded)),
      await measureMovedDates(admin),
    ];
    await admin.end();
    return results;
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureMovedDates(admin: Client): Promise<Measurement> {
  const result = await medianOf(3, async () => {
    const started = performance.now();
    await admin.query(`update app.clients set wedding_date = wedding_date + 7 where partner_2_name not like 'x%'`);
    return performance.now() - started;
  });
  return { name: "10,000 couples' wedding dates moved", ...result, unit: 'ms', bound: { atMost: 1_000 } };
}
