import type { Selectable } from 'kysely';

import type { Trx } from '../tenant.ts';
import type { SupplierDashboardSummary } from '../types.gen.ts';

/** The figures of the organization's first page; null outside an organization. */
export async function dashboard(trx: Trx): Promise<Selectable<SupplierDashboardSummary> | null> {
  const row = await trx.selectFrom('supplier_dashboard_summary').selectAll().executeTakeFirst();
  return row ?? null;
}
