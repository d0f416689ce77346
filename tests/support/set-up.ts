// Vitest's global set-up: what is made once a run, side by side, so that no test pays for it and none depends on another.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client } from 'pg';
import type { TestProject } from 'vitest/node';

import { bundleWorkflows } from '../../cli/dev/bundle-workflows.ts';
import { startEmbeddedPostgres } from '../../cli/dev/postgres.ts';
import { migrateUp } from '../../db/migrate/migrate.ts';
import { TEMPLATE, TEST_PASSWORDS } from './postgres-template.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Superuser's connection string, database `postgres`. */
    postgresAdminUrl: string;
  }
}

type TearDown = () => Promise<void>;

export async function setup(project: TestProject): Promise<TearDown> {
  // Processes that tests start compile what they have in common once.
  process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'node-compile-cache');
  const ends = await Promise.all([startPostgres(project), makeBundle()]);
  return async () => void (await Promise.all(ends.map((end) => end())));
}

/** One PostgreSQL server a run, with a template database that has every migration. */
async function startPostgres(project: TestProject): Promise<TearDown> {
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

/**
 * The workflows, bundled once a run. Every worker of a test starts from that file, also those that are processes of their
 * own: they find it in WORKFLOW_BUNDLE, as in a bigger installation.
 */
async function makeBundle(): Promise<TearDown> {
  const folder = await mkdtemp(join(tmpdir(), 'wedsync-test-bundle-'));
  const bundlePath = join(folder, 'workflow-bundle.js');
  await bundleWorkflows(bundlePath, new AbortController().signal);
  process.env['WORKFLOW_BUNDLE'] = bundlePath;
  return () => rm(folder, { recursive: true, force: true });
}
