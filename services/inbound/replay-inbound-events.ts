import { sql } from 'kysely';

import type { Trx } from '../../db/tenant.ts';

export type InboundReplay =
  | { readonly eventId: string }
  | { readonly endpointId: string | null; readonly onlyFailed: boolean; readonly since: Date | null };

/**
 * Has kept events processed again, with the mapping as it is now. Doing an event again changes nothing that it had
 * done before. What was never verified stays refused. Answers with how many.
 */
export async function replayInboundEvents(trx: Trx, choice: InboundReplay): Promise<number> {
  const which =
    'eventId' in choice
      ? sql`id = ${choice.eventId}`
      : sql`(${choice.endpointId}::uuid is null or endpoint_id = ${choice.endpointId})
            and (not ${choice.onlyFailed} or status = 'failed')
            and (${choice.since}::timestamptz is null or received_at >= ${choice.since})`;
  const { numAffectedRows } = await sql`
    update app.webhook_events set status = 'pending', next_retry_at = null, waiting_for = null, retry_count = 0
    where signature_verified and endpoint_id is not null and ${which}
  `.execute(trx);
  return Number(numAffectedRows ?? 0);
}
