import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { migrateUp } from '../../db/migrate/migrate.ts';
import { startEmbeddedPostgres } from './postgres.ts';

/** Runs `work` with a fresh, migrated database that is thrown away afterwards; it gets the superuser's address. */
export async function withScratchDatabase<T>(work: (adminUrl: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp('/tmp/wedsync-scratch-');
  // The account that runs the server as root's stand-in has to reach it.
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres({ folder: join(folder, 'server'), durable: false });
  try {
    await migrateUp({ adminUrl: server.adminUrl });
    return await work(server.adminUrl);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
