import type { ReadyMessage } from '../activities/ready-message.ts';
import type { Sender } from '../activities/deliver-message.ts';
import type { SendOptions, SendResult } from '../channels/channel.ts';
import { textSecretsSchema, textSettingsSchema } from '../channels/sender-settings.ts';
import type { SmsMessage, WhatsappMessage } from '../channels/text-message.ts';
import { createSmsChannel, createWhatsappChannel, type TwilioChannel, type TwilioOptions } from '../channels/twilio.ts';
import type { SealingKeys } from '../channels/webhook/sealed-secret.ts';
import { openSenderSecrets } from '../services/channels/open-sender.ts';
import type { AskForApproval } from '../services/templates/check-approvals.ts';
import { keepLatest } from './kept-senders.ts';

const NO_ACCOUNT: SendResult = {
  outcome: 'not_accepted',
  handling: 'config',
  code: 'NO_ACCOUNT',
  retryAfterMs: 3_600_000,
  detail: 'Not sent: no account for text messages is set up (TWILIO_ACCOUNT_SID).',
};
const UNUSABLE: SendResult = {
  ...NO_ACCOUNT,
  code: 'SENDER_UNUSABLE',
  retryAfterMs: 900_000,
  detail: "Not sent: the organization's own sender cannot be used. Set it up again: wedsync channels set.",
};

/** So many organizations with accounts of their own keep their clients. */
const KEPT = 100;

export interface TextSenderOptions {
  /** The platform's account; without one, messages of organizations that have no own wait. */
  readonly twilio?: TwilioOptions | undefined;
  /** Where the API is reached: status callbacks go there, to the organization's own address. */
  readonly publicUrl?: string | undefined;
  /** Opens what organizations have sealed. */
  readonly keys: SealingKeys;
}

/** Sends text and WhatsApp messages of journeys: by the organization's own account at Twilio, else by the platform's. */
export function createTextSenders(options: TextSenderOptions): {
  sms: Sender;
  whatsapp: Sender;
  /** Asks about a WhatsApp template by the same account. @throws Error where there is none that can be used */
  approvalOf: AskForApproval;
} {
  return {
    approvalOf: async (whose, contentSid) => {
      const account = accountOf(whose, 'whatsapp', options.twilio, options.keys);
      if (account === 'none') throw new Error(NO_ACCOUNT.detail);
      if (account === 'unusable') throw new Error(UNUSABLE.detail);
      return createWhatsappChannel(account).approvalOf(contentSid);
    },
    sms: textSender('sms', options, createSmsChannel, (common, { text: body }): SmsMessage => ({ ...common, body })),
    whatsapp: textSender(
      'whatsapp',
      options,
      createWhatsappChannel,
      (common, { text: body, template }): WhatsappMessage =>
        template === null ? { ...common, body } : { ...common, ...template },
    ),
  };
}

type Common = Pick<SmsMessage, 'id' | 'to' | 'statusCallbackUrl'>;

function textSender<Message extends SmsMessage | WhatsappMessage>(
  channel: 'sms' | 'whatsapp',
  { twilio, publicUrl, keys }: TextSenderOptions,
  create: (account: TwilioOptions) => TwilioChannel<Message>,
  toMessage: (common: Common, message: ReadyMessage) => Message,
): Sender {
  const kept = keepLatest<TwilioChannel<Message>>(KEPT);
  const toText = (message: ReadyMessage): Message => {
    const { communicationId: id, organizationId, to } = message;
    const callback =
      publicUrl === undefined
        ? {}
        : { statusCallbackUrl: new URL(`/receipts/twilio/${organizationId}`, publicUrl).href };
    return toMessage({ id, to: to.address, ...callback }, message);
  };
  const withChannel = async <R>(
    message: ReadyMessage,
    otherwise: (problem: SendResult) => R,
    work: (channel: TwilioChannel<Message>) => Promise<R>,
  ): Promise<R> => {
    const account = accountOf(message, channel, twilio, keys);
    if (account === 'none') return otherwise(NO_ACCOUNT);
    if (account === 'unusable') return otherwise(UNUSABLE);
    const { accountSid, authToken, sender } = account;
    return kept.use(JSON.stringify([accountSid, authToken, sender]), () => create(account), work);
  };
  return {
    provider: 'twilio',
    send: (message, options: SendOptions) =>
      withChannel(
        message,
        (problem) => problem,
        (client) => client.send(toText(message), options),
      ),
    find: (message, sentAfter) =>
      withChannel(
        message,
        () => null,
        async (client) =>
          message.template === null ? client.find({ to: message.to.address, body: message.text }, sentAfter) : null,
      ),
  };
}

/** The account by which a message goes: the organization's own, with what it leaves out taken from the platform's. */
function accountOf(
  { identity, organizationId }: Pick<ReadyMessage, 'identity' | 'organizationId'>,
  channel: 'sms' | 'whatsapp',
  platform: TwilioOptions | undefined,
  keys: SealingKeys,
): TwilioOptions | 'none' | 'unusable' {
  if (identity === null) return platform ?? 'none';
  try {
    const { accountSid, sender } = textSettingsSchema.parse(identity.settings);
    const sealed = identity.sealed === null ? null : Buffer.from(identity.sealed, 'base64');
    const { authToken } = textSecretsSchema.parse(openSenderSecrets(sealed, organizationId, channel, keys));
    const from = sender === undefined ? undefined : senderOf(sender);
    if (accountSid === undefined)
      return platform === undefined ? 'none' : { ...platform, sender: from ?? platform.sender };
    if (authToken === undefined || from === undefined) return 'unusable';
    const baseUrl = platform?.baseUrl;
    return { accountSid, authToken, sender: from, ...(baseUrl === undefined ? {} : { baseUrl }) };
  } catch {
    // The words of these errors may hold what is secret.
    return 'unusable';
  }
}

function senderOf(sender: string): TwilioOptions['sender'] {
  return sender.startsWith('MG') ? { messagingServiceSid: sender } : { from: sender };
}
