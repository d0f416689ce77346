import { sql } from 'kysely';

import type { CommunicationStatus, Direction, MessageType } from '../domain.ts';
import type { Trx } from '../tenant.ts';

export interface LoggedMessage {
  communicationId: string;
  clientId: string | null;
  type: MessageType;
  direction: Direction;
  subject: string | null;
  status: CommunicationStatus;
  createdAt: Date;
}

/**
 * The organization's messages, newest first, a page at a time.
 *
 * @param after the last line of the page before, so that new messages do not shift the next page
 */
export async function messageLog(
  trx: Trx,
  page: { limit: number; after?: { createdAt: Date; communicationId: string } },
): Promise<LoggedMessage[]> {
  const after = page.after;
  const { rows } = await sql<LoggedMessage>`/* message_log${sql.raw(after ? '_after' : '')} */
    select id as "communicationId", client_id as "clientId", type, direction, subject, status, created_at as "createdAt"
      from app.communications
     where organization_id = (select app.current_org_id())
       ${after ? sql`and (created_at, id) < (${after.createdAt}, ${after.communicationId})` : sql``}
     order by created_at desc, id desc
     limit ${page.limit}`.execute(trx);
  return rows;
}
