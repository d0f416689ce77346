import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { startEmbeddedPostgres } from '../../../cli/dev/postgres.ts';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts';

/** A database server for one test alone, which can be stopped and started again over the same data. */
export interface OwnPostgres {
  readonly db: TestDatabase;
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
  /** For good, with all its data. */
  readonly remove: () => Promise<void>;
}

export async function startOwnPostgres(): Promise<OwnPostgres> {
  // Below /tmp, which the account that runs the server can reach, wherever the project lies.
  const folder = await mkdtemp('/tmp/wedsync-chaos-postgres-');
  await chmod(folder, 0o755);
  const options = { folder: join(folder, 'server'), durable: false };
  let server = await startEmbeddedPostgres(options);
  const { port } = server;
  return {
    db: await createTestDatabase({ serverUrl: server.adminUrl }),
    stop: () => server.stop(),
    async start() {
      server = await startEmbeddedPostgres({ ...options, port });
    },
    async remove() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
