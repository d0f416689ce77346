import type { SendResult } from '../channels/channel.ts';
import { channelIsBroken, channelWorks } from '../db/channel-notices.ts';
import type { Trx } from '../db/tenant.ts';
import type { MessageStep } from '../journeys/definition.ts';
import type { ReadyMessage } from './ready-message.ts';

const MESSAGES = { email: 'Mails', sms: 'Texts', whatsapp: 'WhatsApp messages' } as const;

/**
 * Tells the owner at the first message that settings kept from leaving (a login that is refused, an account that is
 * closed), because the attempts of a step may be used up before anybody wonders why nothing arrives. The news ends with
 * the next message that leaves.
 */
export async function tellOfChannel(
  trx: Trx,
  channel: MessageStep['type'],
  { identity }: Pick<ReadyMessage, 'identity'>,
  { outcome, handling, detail }: SendResult,
): Promise<void> {
  if (outcome === 'accepted') return channelWorks(trx, channel);
  if (handling !== 'config') return;
  const isOwn = (identity?.sealed ?? null) !== null;
  const what = isOwn
    ? `Correct your settings (wedsync channels set ${channel}) and try them (wedsync channels test ${channel}).`
    : "It is the platform's account that is refused: whoever runs the platform has to look at it.";
  await channelIsBroken(trx, channel, {
    title: `${MESSAGES[channel]} cannot be sent`,
    body: `${detail} ${what} What waits goes by itself then; a step that has used up its attempts is tried again by hand.`,
  });
}
