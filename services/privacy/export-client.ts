import { createHash } from 'node:crypto';

import { sql } from 'kysely';

import type { Database } from '../../db/database.ts';
import { withTenant, type TenantContext, type Trx } from '../../db/tenant.ts';

/** Everything that is kept about a couple by one supplier, with the meaning of each table and column. */
export interface ClientArchive {
  readonly format: 'wedsync-client-export';
  readonly version: 1;
  readonly exportedAt: string;
  readonly organization: { readonly name: string; readonly slug: string };
  readonly clientId: string;
  readonly meaning: Readonly<Record<string, { description: string; columns: Readonly<Record<string, string>> }>>;
  readonly tables: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
}

export interface ClientExport {
  readonly requestId: string;
  /** The archive as it is handed over; `sha256` is over exactly these bytes. */
  readonly json: string;
  readonly sha256: string;
}

/**
 * Exports all data about a client of the organization, and keeps the request with the hash of what was handed over.
 *
 * @param place where the archive will lie, for the request's row
 * @returns null where the organization has no such client
 */
export async function exportClient(
  database: Database,
  context: TenantContext,
  clientId: string,
  place: string,
  now: Date,
): Promise<ClientExport | null> {
  return withTenant(database, context, async (trx) => {
    const client = await trx.selectFrom('clients').select('id').where('id', '=', clientId).executeTakeFirst();
    if (client === undefined) return null;
    const archive = await readArchive(trx, clientId, now);
    const json = `${JSON.stringify(archive, null, 2)}\n`;
    const sha256 = createHash('sha256').update(json).digest();
    const { id } = await trx
      .insertInto('data_export_requests')
      .values({
        subject_type: 'client',
        subject_id: clientId,
        status: 'completed',
        requested_by: context.actor,
        object_ref: place,
        sha256,
        finished_at: now,
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    await sql`select audit.record('privacy.exported', 'clients', ${clientId})`.execute(trx);
    return { requestId: id, json, sha256: sha256.toString('hex') };
  });
}

async function readArchive(trx: Trx, clientId: string, now: Date): Promise<ClientArchive> {
  const organization = await trx.selectFrom('organizations').select(['name', 'slug']).executeTakeFirstOrThrow();
  const { rows } = await sql<Pick<ClientArchive, 'meaning' | 'tables'>>`
    select app.describe_export() as meaning, app.export_client(${clientId}) as tables
  `.execute(trx);
  const [content] = rows;
  if (content === undefined) throw new Error('the export gave no row');
  return {
    format: 'wedsync-client-export',
    version: 1,
    exportedAt: now.toISOString(),
    organization,
    clientId,
    meaning: content.meaning,
    tables: content.tables,
  };
}
