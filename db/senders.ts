import { sql } from 'kysely';

import { channelWorks } from './channel-notices.ts';
import type { Channel } from './domain.ts';
import type { Trx } from './tenant.ts';

/** How an organization's messages leave on one channel, as it stands in the table. */
export interface StoredSender {
  readonly channel: Channel;
  /** What is no secret; channels/sender-settings.ts. */
  readonly settings: unknown;
  /** The secrets, sealed for {@link senderOwner}. */
  readonly sealed: Buffer | null;
  readonly checkedAt: Date | null;
  readonly checkError: string | null;
}

/** To whom a sender's secrets are sealed: in the row of another channel or organization they do not open. */
export function senderOwner(organizationId: string, channel: Channel): string {
  return `sender/${organizationId}/${channel}`;
}

const providerOf = (channel: Channel): string => (channel === 'email' ? 'smtp' : 'twilio');

/** The organization's own sender of a channel; null where the platform's is used as it is. */
export async function loadSender(trx: Trx, channel: Channel): Promise<StoredSender | null> {
  const { rows } = await sql<StoredSender>`
    select name as channel, settings, secret_ciphertext as sealed, checked_at as "checkedAt", check_error as "checkError"
      from app.integration_credentials
     where provider = ${providerOf(channel)} and name = ${channel} and is_active
  `.execute(trx);
  return rows[0] ?? null;
}

/** Keeps a sender in place of the one before; `sealed: null` leaves it without secrets of its own. */
export async function saveSender(
  trx: Trx,
  sender: { channel: Channel; settings: unknown; sealed: Buffer | null; keyId: string },
): Promise<void> {
  const { channel, settings, sealed, keyId } = sender;
  await sql`
    insert into app.integration_credentials (provider, name, settings, secret_ciphertext, secret_key_id)
    values (${providerOf(channel)}, ${channel}, ${JSON.stringify(settings)}::jsonb, ${sealed},
      ${sealed === null ? null : keyId})
    on conflict (organization_id, provider, name) do update set
      settings = excluded.settings, secret_ciphertext = excluded.secret_ciphertext,
      secret_key_id = excluded.secret_key_id, is_active = true, checked_at = null, check_error = null
  `.execute(trx);
}

/** Goes back to the platform's sender. False where there was no other. */
export async function removeSender(trx: Trx, channel: Channel): Promise<boolean> {
  const { numAffectedRows } = await sql`
    delete from app.integration_credentials where provider = ${providerOf(channel)} and name = ${channel}
  `.execute(trx);
  return (numAffectedRows ?? 0n) > 0n;
}

/** Notes how a test of the sender ended. @param problem null: it works */
export async function noteSenderCheck(trx: Trx, channel: Channel, at: Date, problem: string | null): Promise<void> {
  await sql`
    update app.integration_credentials set checked_at = ${at}, check_error = ${problem}
     where provider = ${providerOf(channel)} and name = ${channel}
  `.execute(trx);
  if (problem === null) await channelWorks(trx, channel);
}

/** How many messages of a channel have their place on a day; null where nothing is counted. */
export async function placesTaken(trx: Trx, channel: Channel, day: string): Promise<number | null> {
  const { rows } = await sql<{ taken: number }>`
    select taken from app.sending_days where channel = ${channel} and day = ${day}
  `.execute(trx);
  return rows[0]?.taken ?? null;
}
