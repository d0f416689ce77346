import { createHash } from 'node:crypto';

import type { ProviderReport, ReceiptProvider } from '../../channels/receipts/receipt.ts';
import type { Database } from '../../db/database.ts';
import { endProviderEvent, keepProviderEvent, openProviderEvent } from '../../db/provider-events.ts';
import { withTenant } from '../../db/tenant.ts';
import { applyReport, type AppliedReport } from './apply-report.ts';

export interface TakenReport {
  readonly organizationId: string;
  readonly provider: ReceiptProvider;
  /** What the request is known by where its bytes are not enough: a token that may be used once. */
  readonly onceOnly?: string;
  /** The body as it came; kept before anything is done with it. */
  readonly body: string;
  readonly report: Extract<ProviderReport, { ok: true }>;
}

const NOTHING: AppliedReport = { applied: 0, repeated: 0, unknown: 0 };

/**
 * Takes in a verified request of a provider: kept as it came, then applied, each in a transaction of its own. Where the
 * second fails the provider is answered with an error and repeats the request, which then goes on from what was kept.
 */
export async function takeReport(database: Database, taken: TakenReport, now: Date): Promise<AppliedReport> {
  const { organizationId, provider, body, report } = taken;
  const tenant = { organizationId, actor: `provider:${provider}` };
  const externalId = `${provider}:${organizationId}:${taken.onceOnly ?? createHash('sha256').update(body).digest('hex')}`;
  await withTenant(database, tenant, (trx) => keepProviderEvent(trx, { provider, externalId, body }));
  return withTenant(database, tenant, async (trx) => {
    const open = await openProviderEvent(trx, { externalId, body });
    if (open === null) return { ...NOTHING, repeated: report.receipts.length + report.replies.length };
    const applied = await applyReport(trx, report, now);
    await endProviderEvent(trx, open.id);
    return applied;
  });
}
