import { sql } from 'kysely';
import type { Logger } from 'pino';

import type { Database } from '../db/database.ts';
import { withRelay } from '../db/relay.ts';
import { checkApprovals, type AskForApproval } from '../services/templates/check-approvals.ts';

/**
 * Asks the provider about the WhatsApp templates of every organization. That one cannot be asked about (an account that
 * was closed) keeps none of the others waiting; it is asked again the next night.
 */
export async function checkAllApprovals(
  { relayDatabase, workerDatabase, log }: { relayDatabase: Database; workerDatabase: Database; log: Logger },
  ask: AskForApproval,
): Promise<void> {
  const organizations = await withRelay(relayDatabase, async (trx) => {
    const { rows } = await sql<{ id: string }>`
      select id from app.organizations where deleted_at is null order by id`.execute(trx);
    return rows;
  });
  for (const { id: organizationId } of organizations) {
    try {
      await checkApprovals(workerDatabase, { organizationId, actor: 'system:maintenance' }, ask, () => new Date());
    } catch (error) {
      log.warn({ err: error, organizationId }, 'the provider could not be asked about WhatsApp templates');
    }
  }
}
