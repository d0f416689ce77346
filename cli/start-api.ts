import { createHash, timingSafeEqual } from 'node:crypto';
import { createRequire } from 'node:module';
import { Connection } from '@temporalio/client';
import type { NativeConnectionOptions } from '@temporalio/worker';
import { sql } from 'kysely';
import { z } from 'zod';
import { registerCodecServer, type CodecServerOptions } from '../api/codec-server.ts';
import { registerFormRoutes } from '../api/forms/register-form-routes.ts';
import { registerInboundRoutes } from '../api/inbound/register-inbound-routes.ts';
import { registerPreferenceRoutes } from '../api/preferences/register-preference-routes.ts';
import { registerReceiptRoutes, type ReceiptRoutesOptions } from '../api/receipts/register-receipt-routes.ts';
import { createApi, type ApiOptions } from '../api/server.ts';
import { recordDeed } from '../db/audit-deed.ts';
import type { Database } from '../db/database.ts';
import { assertOrdinaryRole } from '../db/assert-ordinary-role.ts';
import { assertMigrated } from '../db/migrate/migrate.ts';
import type { MigrationDatabase } from '../db/migrate/statements.ts';
import { withTenant } from '../db/tenant.ts';
import { withoutTenant } from '../db/without-tenant.ts';
import type { WorkerOptions } from '../worker/start-worker.ts';
import { openOwnTwilio } from '../services/channels/open-sender.ts';
import { parseKeyRing } from '../worker/key-ring.ts';
import { createPayloadCodec } from '../worker/payload-codec.ts';

export interface StartApiOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Opened as app_api; the caller closes it. */
  readonly database: Database;
  readonly temporal: WorkerOptions['temporal'];
  /** As WEDSYNC_ENCRYPTION_KEYS: opens sealed secrets, decodes what the Temporal UI shows. */
  readonly encryptionKeys: string;
  /** Who may have payloads decoded, and from which pages; absent: nobody. */
  readonly codec?: Pick<CodecServerOptions, 'allowedOrigins' | 'authorize'> | undefined;
  /** Secrets of the platform's own Stripe endpoint for connected accounts. */
  readonly platformStripeSecrets?: readonly string[] | undefined;
  /** Who may tell what became of messages; absent: nobody. */
  readonly receipts?: Pick<ReceiptRoutesOptions, 'publicUrl' | 'providers'> | undefined;
  readonly trustedProxies?: ApiOptions['trustedProxies'];
  readonly log: ApiOptions['log'];
  readonly readiness?: ApiOptions['readiness'];
  readonly status?: ApiOptions['status'];
  readonly links?: ApiOptions['links'];
}

const manifest = z.object({ version: z.string() });

/** Starts the HTTP server; ready to answer when it returns. */
export async function startApi(options: StartApiOptions): Promise<{ url: string; stop: () => Promise<void> }> {
  const { database, temporal } = options;
  const where: Pick<NativeConnectionOptions, 'address' | 'tls' | 'apiKey'> = {
    address: temporal.address,
    ...temporal.connection,
  };
  const connection = Connection.lazy(where);
  const keyRing = parseKeyRing(options.encryptionKeys);
  const api = createApi({
    version: manifest.parse(createRequire(import.meta.url)('../package.json')).version,
    readiness: {
      postgres: async () => {
        await withoutTenant(database, (trx) => sql`select 1`.execute(trx));
      },
      role: () => withoutTenant(database, assertOrdinaryRole),
      migrations: () => withoutTenant(database, (trx) => assertMigrated(trx as unknown as MigrationDatabase)),
      temporal: async () => {
        await connection.workflowService.describeNamespace({ namespace: temporal.namespace });
      },
      ...options.readiness,
    },
    status: options.status,
    links: options.links ?? {},
    trustedProxies: options.trustedProxies,
    log: options.log,
  });
  if (options.codec) {
    registerCodecServer(api, {
      ...options.codec,
      codec: createPayloadCodec(keyRing),
      onAccess: ({ actor, namespace, operation, payloads }) =>
        withoutTenant(database, (trx) =>
          recordDeed(trx, {
            actor,
            deed: `payloads.${operation}d`,
            subject: { type: 'temporal_namespace', id: namespace },
            details: { payloads },
          }),
        ),
    });
  }
  const now = (): Date => new Date();
  await registerFormRoutes(api, { database, now });
  await registerPreferenceRoutes(api, { database });
  await registerInboundRoutes(api, {
    database,
    now,
    sealingKeys: keyRing,
    platformStripeSecrets: options.platformStripeSecrets,
  });
  if (options.receipts) {
    await registerReceiptRoutes(api, {
      ...options.receipts,
      database,
      now,
      fetchText,
      ownTwilio: (organizationId) =>
        withTenant(database, { organizationId, actor: 'provider:twilio' }, (trx) =>
          openOwnTwilio(trx, organizationId, keyRing),
        ),
      bounceKeys: [...keyRing.keys.values()],
    });
  }
  const url = await api.listen({ host: options.host, port: options.port });
  return {
    url,
    stop: async () => {
      await api.close();
      await connection.close();
    },
  };
}

/** For addresses at Amazon that were checked: certificates and confirmations are small and come at once. */
export async function fetchText(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(5000), redirect: 'error' });
  if (!answer.ok) throw new Error(`${new URL(url).host} answered ${answer.status}.`);
  return answer.text();
}

/** Compares a bearer token in constant time, by its hash. */
export function bearerTokenCheck(token: string, actor: string): CodecServerOptions['authorize'] {
  const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();
  const wanted = hashOf(`Bearer ${token}`);
  return async (authorization) => (timingSafeEqual(hashOf(authorization ?? ''), wanted) ? { actor } : null);
}
