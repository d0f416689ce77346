import { sql, type Transaction } from 'kysely';

import type { Database } from './database.ts';
import { raw } from './raw.ts';
import type { DB } from './types.gen.ts';
import { UUID } from './uuid.ts';

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

/**
 * Asks one question of one organization, in one round trip: a transaction of one statement, at whose end nobody waits.
 * A second statement is refused.
 *
 * @throws TypeError where organizationId is no UUID
 */
export function askAsTenant<T>(
  database: Database,
  context: TenantContext,
  question: (trx: Trx) => Promise<T>,
): Promise<T> {
  return inTransaction(database, context, 'ahead of last', question);
}

/**
 * Runs `work` in a transaction which sees one organization, and commits what it did; an exception takes it all back.
 *
 * The context is set inside the transaction, so that the next borrower of the connection does not inherit it. `trx` is
 * dead afterwards: a query that escaped from `work` fails instead of running without an organization.
 *
 * @throws TypeError where organizationId is no UUID
 */
export function withTenant<T>(database: Database, context: TenantContext, work: (trx: Trx) => Promise<T>): Promise<T> {
  return inTransaction(database, context, 'ahead', work);
}

async function inTransaction<T>(
  database: Database,
  context: TenantContext,
  place: 'ahead' | 'ahead of last',
  work: (trx: Trx) => Promise<T>,
): Promise<T> {
  if (!UUID.test(context.organizationId)) {
    throw new TypeError(`withTenant needs the UUID of an organization, not ${JSON.stringify(context.organizationId)}.`);
  }
  const transaction = database[raw].transaction().execute(async (trx) => {
    // Nobody waits for it: the first statement of the work goes out in the same flight (db/preparing-client.ts).
    await sql`/* tenant ${sql.raw(place)} */ select set_config('app.organization_id', ${context.organizationId}, true),
                     set_config('app.actor', ${context.actor}, true),
                     set_config('app.request_id', ${context.requestId ?? ''}, true)`.execute(trx);
    return work(trx);
  });
  return transaction.catch(async (error: unknown) => {
    if (isRefusedWrite(error)) await reportRefusedWrite(database, context, error);
    throw error;
  });
}

/**
 * Calls one function which says by itself whose it is: no transaction round it, and one round trip. The function takes
 * organization, actor and request before its own arguments, and sets them for itself alone.
 *
 * @param name of the function, with its schema
 */
export async function callAsTenant<T>(
  database: Database,
  { organizationId, actor, requestId }: TenantContext,
  name: `app.${string}`,
  ...args: readonly (string | number | null)[]
): Promise<T> {
  const values = sql.join([organizationId, actor, requestId ?? '', ...args].map((value) => sql`${value}`));
  const { rows } = await sql<{
    answer: T;
  }>`${sql.raw(`/* ${name.replaceAll(/\W/g, '_')} */`)} select ${sql.raw(name)}(${values}) as answer`.execute(
    database[raw],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`${name} gave no answer.`);
  return row.answer;
}

const isRefusedWrite = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && error.code === '42501' && error.message.includes('row-level security');

/**
 * A write past the organization's border was refused: a defect of ours, or an attack. It is kept for whoever watches
 * over the database, in a transaction of its own, because the other one is taken back. Reads cannot be told like this:
 * row security filters them in silence.
 */
async function reportRefusedWrite(database: Database, context: TenantContext, error: Error): Promise<void> {
  const table = /for table "(\w+)"/.exec(error.message)?.[1] ?? null;
  await database[raw]
    .transaction()
    .execute((trx) =>
      sql`with own as (select set_config('app.organization_id', ${context.organizationId}, true))
          insert into app.security_events (organization_id, kind, actor, data)
          select ${context.organizationId}, 'row_security.refused', ${context.actor},
                 jsonb_build_object('table', ${table}::text, 'requestId', ${context.requestId ?? null}::text) from own`.execute(
        trx,
      ),
    )
    // Who may not even write this down gets the refusal all the same.
    .catch(() => undefined);
}
