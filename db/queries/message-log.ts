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
 * @param after id of the last line of the page before, so that new messages do not shift the next page. Not its instant,
 *   which in JavaScript has no microseconds: lines of the same millisecond would be lost. Where that message is gone since,
 *   the page is empty.
 */
export async function messageLog(trx: Trx, page: { limit: number; after?: string }): Promise<LoggedMessage[]> {
  const { after } = page;
  const { rows } = await sql<LoggedMessage>`/* message_log${sql.raw(after === undefined ? '' : '_after')} */
    select id as "communicationId", client_id as "clientId", type, direction, subject, status, created_at as "createdAt"
      from app.communications
     where organization_id = (select app.current_org_id())
       ${
         after === undefined
           ? sql``
           : sql`and (created_at, id) < (select m.created_at, m.id from app.communications m
               where m.organization_id = (select app.current_org_id()) and m.id = ${after})`
       }
     order by created_at desc, id desc
     -- Hidden from the planner: a number that it sees it plans for, each time anew.
     limit (select ${page.limit}::integer)`.execute(trx);
  return rows;
}
