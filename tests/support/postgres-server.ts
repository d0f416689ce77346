// Vitest's global set-up: one PostgreSQL server a run, with a template database that has every migration. It stands
// before the tests, so that no test pays for it and none depends on another.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { Client } from 'pg';
import type { TestProject } from 'vitest/node';

import { startEmbeddedPostgres } from '../../cli/dev/postgres.ts';
import { migrateUp } from '../../db/migrate/migrate.ts';
import { TEMPLATE, TEST_PASSWORDS } from './postgres-template.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Superuser's connection string, database `postgres`. */
    postgresAdminUrl: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Below /tmp, which the account that runs the server can reach, wherever the project lies.
  const folder = await mkdtemp('/tmp/wedsync-test-postgres-');
  await chmod(folder, 0o755);
  const server = await startEmbeddedPostgres({ folder: join(folder, 'server'), durable: false });
  const admin = new Client({ connectionString: server.adminUrl });
  await admin.connect();
  await admin.query(`create database ${TEMPLATE}`);
  const templateUrl = new URL(server.adminUrl);
  templateUrl.pathname = `/${TEMPLATE}`;
  await migrateUp({ adminUrl: templateUrl.toString(), passwords: TEST_PASSWORDS });
  // Nobody may connect: a clone is refused while somebody is connected to what it is cloned from.
  await admin.query(`alter database ${TEMPLATE} with is_template true allow_connections false`);
  await admin.end();
  project.provide('postgresAdminUrl', server.adminUrl);
  return async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
