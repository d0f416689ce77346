import { sql, type Transaction } from 'kysely';

import type { Database } from './database.ts';
import { raw } from './raw.ts';
import type { DB } from './types.gen.ts';

/** On whose behalf a transaction runs. */
export interface TenantContext {
  /** The organization whose rows are seen and written; no others exist for the transaction. */
  organizationId: string;
  /** Who does it, for the audit: `user:<id>`, `worker`, `api_key:<id>`, `system`. */
  actor: string;
  /** The request or workflow it belongs to, for the audit. */
  requestId?: string;
}

/** A transaction that sees one organization. Repositories take it as their first parameter. */
export type Trx = Transaction<DB>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Runs `work` in a transaction which sees one organization, and commits what it did; an exception takes it all back.
 *
 * The context is set inside the transaction, so that the next borrower of the connection does not inherit it. `trx` is
 * dead afterwards: a query that escaped from `work` fails instead of running without an organization.
 *
 * @throws TypeError where organizationId is no UUID
 */
export async function withTenant<T>(
  database: Database,
  context: TenantContext,
  work: (trx: Trx) => Promise<T>,
): Promise<T> {
  if (!UUID.test(context.organizationId)) {
    throw new TypeError(`withTenant needs the UUID of an organization, not ${JSON.stringify(context.organizationId)}.`);
  }
  return database[raw].transaction().execute(async (trx) => {
    // Not waited for: the first statement of the work follows it in the same flight. Where it failed the transaction is
    // broken, and whatever follows fails.
    const named = sql`/* tenant */ select set_config('app.organization_id', ${context.organizationId}, true),
                     set_config('app.actor', ${context.actor}, true),
                     set_config('app.request_id', ${context.requestId ?? ''}, true)`.execute(trx);
    const settled = named.then(
      () => null,
      (error: unknown) => ({ error }),
    );
    const result = await work(trx);
    const failure = await settled;
    if (failure !== null) throw failure.error;
    return result;
  });
}
