import type { Sender } from '../activities/send-message.ts';
import type { SendResult } from '../channels/channel.ts';
import { createSmsChannel, createWhatsappChannel, type TwilioOptions } from '../channels/twilio.ts';

const NO_ACCOUNT: SendResult = {
  outcome: 'not_accepted',
  handling: 'config',
  code: 'NO_ACCOUNT',
  retryAfterMs: 3_600_000,
  detail: 'Not sent: no account for text messages is set up (TWILIO_ACCOUNT_SID).',
};

/**
 * Sends text and WhatsApp messages of journeys through Twilio; without an account they wait for one.
 *
 * @param publicUrl where the API is reached: status callbacks go there, to the organization's own address
 */
export function createTextSenders(
  twilio: TwilioOptions | undefined,
  publicUrl: string | undefined,
): { sms: Sender; whatsapp: Sender } {
  if (twilio === undefined) {
    const none: Sender = { provider: 'twilio', send: async () => NO_ACCOUNT };
    return { sms: none, whatsapp: none };
  }
  const callback = (organizationId: string): { statusCallbackUrl?: string } =>
    publicUrl === undefined ? {} : { statusCallbackUrl: new URL(`/receipts/twilio/${organizationId}`, publicUrl).href };
  const [sms, whatsapp] = [createSmsChannel(twilio), createWhatsappChannel(twilio)];
  return {
    sms: {
      provider: 'twilio',
      send: ({ communicationId: id, organizationId, to, text: body }, options) =>
        sms.send({ id, to: to.address, body, ...callback(organizationId) }, options),
    },
    whatsapp: {
      provider: 'twilio',
      send: ({ communicationId: id, organizationId, to, text: body }, options) =>
        whatsapp.send({ id, to: to.address, body, ...callback(organizationId) }, options),
    },
  };
}
