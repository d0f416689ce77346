import { createRequire } from 'node:module';
import { Connection } from '@temporalio/client';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { z } from 'zod';
import { registerCodecServer } from '../../api/codec-server.ts';
import { createApi } from '../../api/server.ts';
import { createStatusReader } from '../../api/status-page/read.ts';
import type { OrganizationLine } from '../../api/status-page/view.ts';
import { openDatabase } from '../../db/database.ts';
import { assertMigrated } from '../../db/migrate/migrate.ts';
import { parseKeyRing } from '../../worker/key-ring.ts';
import { createPayloadCodec } from '../../worker/payload-codec.ts';

export interface DevApiOptions {
  readonly port: number;
  readonly postgres: { readonly adminUrl: string; readonly urls: { readonly api: string } };
  readonly temporal: { readonly address: string; readonly namespace: string; readonly uiUrl: string | null };
  readonly inboxUrl: string;
  /** As WEDSYNC_ENCRYPTION_KEYS; decodes what the Temporal UI shows. */
  readonly encryptionKeys: string;
  readonly assertWorkerHealthy: () => Promise<void>;
}

const manifest = z.object({ version: z.string() });

/**
 * Starts the API on 127.0.0.1 with the status page of a development set-up, which shows every organization without
 * signing in.
 */
export async function startDevApi(options: DevApiOptions): Promise<{ url: string; stop: () => Promise<void> }> {
  const { temporal, postgres } = options;
  const database = openDatabase({ url: postgres.urls.api, applicationName: 'wedsync api', poolSize: 4 });
  const pool = new Pool({ connectionString: postgres.adminUrl, max: 2, application_name: 'wedsync dev' });
  pool.on('error', () => {});
  const admin = new Kysely<Record<string, never>>({ dialect: new PostgresDialect({ pool }) });
  const connection = Connection.lazy({ address: temporal.address });
  const api = createApi({
    version: manifest.parse(createRequire(import.meta.url)('../../package.json')).version,
    readiness: {
      postgres: async () => {
        await pool.query('select 1');
      },
      worker: options.assertWorkerHealthy,
      migrations: () => assertMigrated(admin),
      temporal: async () => {
        await connection.workflowService.describeNamespace({ namespace: temporal.namespace });
      },
    },
    status: createStatusReader(
      database,
      () => listOrganizations(pool),
      (workflowId) =>
        temporal.uiUrl &&
        `${temporal.uiUrl}/namespaces/${temporal.namespace}/workflows/${encodeURIComponent(workflowId)}`,
    ),
    links: { inboxUrl: options.inboxUrl, temporalUiUrl: temporal.uiUrl ?? undefined },
  });
  if (temporal.uiUrl !== null) {
    const { port } = new URL(temporal.uiUrl);
    registerCodecServer(api, {
      codec: createPayloadCodec(parseKeyRing(options.encryptionKeys)),
      allowedOrigins: [temporal.uiUrl, `http://127.0.0.1:${port}`, `http://localhost:${port}`],
      // Whoever reaches this machine's loopback address may read its development data.
      authorize: async () => ({ actor: 'development' }),
      onAccess: async () => {},
    });
  }
  const url = await api.listen({ host: '127.0.0.1', port: options.port });
  return {
    url,
    stop: async () => {
      await api.close();
      await Promise.all([database.close(), admin.destroy(), connection.close()]);
    },
  };
}

async function listOrganizations(pool: Pool): Promise<OrganizationLine[]> {
  const { rows } = await pool.query<OrganizationLine>(
    `select id, name, timezone as zone from app.organizations where deleted_at is null order by created_at, name`,
  );
  return rows;
}
