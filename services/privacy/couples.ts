import { sql } from 'kysely';

import type { Database } from '../../db/database.ts';
import { withoutTenant } from '../../db/without-tenant.ts';
import { deleteClient, type Deletion } from './delete-client.ts';
import { exportClient } from './export-client.ts';

/** The two ways into the database that a couple's request needs: across suppliers, and into each of them. */
export interface CoupleDatabases {
  /** Opened as app_ops or app_auth: knows the account and which suppliers have a record of it. */
  readonly account: Database;
  /** Opened as app_api. */
  readonly tenants: Database;
}

interface SupplierRecord {
  readonly organizationId: string;
  readonly clientId: string;
}

const recordsOf = (database: Database, coupleId: string): Promise<SupplierRecord[]> =>
  withoutTenant(database, async (trx) => {
    const { rows } = await sql<SupplierRecord>`
      select organization_id as "organizationId", client_id as "clientId" from app.clients_of_couple(${coupleId})
      order by 1, 2`.execute(trx);
    return rows;
  });

/**
 * Exports the account of a couple and what each of its suppliers keeps about it, as one JSON document.
 *
 * @returns null where there is no such account
 */
export async function exportCouple(
  databases: CoupleDatabases,
  coupleId: string,
  actor: string,
  place: string,
  now: Date,
): Promise<string | null> {
  const account = await withoutTenant(databases.account, async (trx) => {
    const { rows } = await sql<{ account: object | null }>`
      select app.export_couple_account(${coupleId}) as account`.execute(trx);
    return rows[0]?.account ?? null;
  });
  if (account === null) return null;
  const suppliers: unknown[] = [];
  for (const { organizationId, clientId } of await recordsOf(databases.account, coupleId)) {
    const exported = await exportClient(databases.tenants, { organizationId, actor }, clientId, place, now);
    if (exported !== null) suppliers.push(JSON.parse(exported.json));
  }
  const archive = { format: 'wedsync-couple-export', version: 1, exportedAt: now.toISOString(), account, suppliers };
  return `${JSON.stringify(archive, null, 2)}\n`;
}

/**
 * Deletes the account of a couple, its logins, and what every supplier keeps about it.
 *
 * @returns null where there is no such account; else what became of each supplier's record
 */
export async function deleteCouple(
  databases: CoupleDatabases,
  coupleId: string,
  actor: string,
  waitMs: number,
): Promise<Deletion[] | null> {
  const records = await recordsOf(databases.account, coupleId);
  const deletions: Deletion[] = [];
  for (const { organizationId, clientId } of records) {
    deletions.push(await deleteClient(databases.tenants, { organizationId, actor }, clientId, waitMs));
  }
  const erased = await withoutTenant(databases.account, async (trx) => {
    const { rows } = await sql<{ erased: boolean }>`select app.erase_couple_account(${coupleId}) as erased`.execute(
      trx,
    );
    return rows[0]?.erased ?? false;
  });
  return erased ? deletions : null;
}
