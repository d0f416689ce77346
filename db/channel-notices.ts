import { sql } from 'kysely';

import type { Channel } from './domain.ts';
import { addNotice } from './team-work.ts';
import type { Trx } from './tenant.ts';

const keyOf = (channel: Channel): string => `channel_broken/${channel}`;

/**
 * Tells the owner that messages cannot leave on a channel until somebody mends its settings. Once: what fails
 * afterwards is the same news, until {@link channelWorks}.
 */
export async function channelIsBroken(
  trx: Trx,
  channel: Channel,
  notice: { readonly title: string; readonly body: string },
): Promise<void> {
  await addNotice(trx, { kind: 'channel_broken', dedupKey: keyOf(channel), ...notice });
}

/** A message has left again, or a test has: the notice has done its work, and the next failure is news. */
export async function channelWorks(trx: Trx, channel: Channel): Promise<void> {
  await sql`/* channel_works ahead */
    update app.notifications set dedup_key = null, read_at = coalesce(read_at, now())
    where dedup_key = ${keyOf(channel)}
  `.execute(trx);
}
