import { Pool } from 'pg';
import type { Logger } from 'pino';
import { createStatusReader } from '../../api/status-page/read.ts';
import type { OrganizationLine } from '../../api/status-page/view.ts';
import { createTemplateRenderer } from '../../channels/template-renderer.ts';
import { openDatabase } from '../../db/database.ts';
import { startApi } from '../start-api.ts';

export interface DevApiOptions {
  readonly port: number;
  /** Where others reach it: signatures are over this address. */
  readonly publicUrl: string;
  readonly postgres: { readonly adminUrl: string; readonly urls: { readonly api: string } };
  readonly temporal: { readonly address: string; readonly namespace: string; readonly uiUrl: string | null };
  readonly inboxUrl: string;
  /** As WEDSYNC_ENCRYPTION_KEYS; decodes what the Temporal UI shows. */
  readonly encryptionKeys: string;
  /** What the dev inbox signs its callbacks with. */
  readonly twilioAuthToken: string;
  /** What it shows when it hands over a mail that comes back. */
  readonly returnedMail: { readonly user: string; readonly password: string };
  readonly assertWorkerHealthy: () => Promise<void>;
  readonly log: Logger;
}

/**
 * Starts the API on 127.0.0.1 with what only a development set-up has: the status page, which shows every organization
 * without signing in, and decoding for everybody on this machine.
 */
export async function startDevApi(options: DevApiOptions): Promise<{ url: string; stop: () => Promise<void> }> {
  const { temporal, postgres } = options;
  const database = openDatabase({ url: postgres.urls.api, applicationName: 'wedsync api', poolSize: 4 });
  const admin = new Pool({ connectionString: postgres.adminUrl, max: 2, application_name: 'wedsync dev' });
  admin.on('error', () => {});
  const renderer = createTemplateRenderer();
  const api = await startApi({
    host: '127.0.0.1',
    port: options.port,
    database,
    log: options.log,
    temporal,
    encryptionKeys: options.encryptionKeys,
    codec: { allowedOrigins: originsOf(temporal.uiUrl), authorize: async () => ({ actor: 'admin:development' }) },
    receipts: {
      publicUrl: options.publicUrl,
      providers: { twilio: { authTokens: [options.twilioAuthToken] }, mail: options.returnedMail },
    },
    readiness: { worker: options.assertWorkerHealthy },
    status: createStatusReader(
      database,
      () => listOrganizations(admin),
      (workflowId) =>
        temporal.uiUrl &&
        `${temporal.uiUrl}/namespaces/${temporal.namespace}/workflows/${encodeURIComponent(workflowId)}`,
      { renderer, publicUrl: options.publicUrl },
    ),
    links: { inboxUrl: options.inboxUrl, temporalUiUrl: temporal.uiUrl ?? undefined },
  });
  return {
    url: api.url,
    stop: async () => {
      await api.stop();
      await Promise.all([database.close(), admin.end(), renderer.close()]);
    },
  };
}

/** The Temporal UI under the two names that this machine has for itself. */
function originsOf(uiUrl: string | null): string[] {
  if (uiUrl === null) return [];
  const { origin, port } = new URL(uiUrl);
  return [origin, `http://localhost:${port}`];
}

async function listOrganizations(admin: Pool): Promise<OrganizationLine[]> {
  const { rows } = await admin.query<OrganizationLine>(
    `select id, name, timezone as zone from app.organizations where deleted_at is null order by created_at, name`,
  );
  return rows;
}
