import { sql, type Selectable } from 'kysely';

import type { Trx } from '../tenant.ts';
import type { SupplierDashboardSummary } from '../types.gen.ts';

/** The figures of the organization's first page; null outside an organization. */
export async function dashboard(trx: Trx): Promise<Selectable<SupplierDashboardSummary> | null> {
  const { rows } = await sql<
    Selectable<SupplierDashboardSummary>
  >`/* dashboard */ select * from app.supplier_dashboard_summary`.execute(trx);
  return rows[0] ?? null;
}
