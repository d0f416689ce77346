import { createPrivateKey } from 'node:crypto';

import type { ReadyMessage } from '../activities/ready-message.ts';
import type { Sender } from '../activities/deliver-message.ts';
import type { Channel, SendResult } from '../channels/channel.ts';
import type { DkimKey } from '../channels/compose-email.ts';
import { createEmailChannel, type EmailChannel } from '../channels/email.ts';
import { createFailoverEmailChannel } from '../channels/email-failover.ts';
import type { EmailMessage } from '../channels/email-message.ts';
import { bounceAddressOf } from '../channels/receipts/bounce-address.ts';
import {
  emailSecretsSchema,
  emailSettingsSchema,
  type EmailSecrets,
  type EmailSettings,
} from '../channels/sender-settings.ts';
import type { SealingKeys } from '../channels/webhook/sealed-secret.ts';
import { openSenderSecrets } from '../services/channels/open-sender.ts';
import { keepLatest } from './kept-senders.ts';

export interface EmailSenderOptions {
  /** The platform's mail server. */
  readonly smtpUrl: string;
  /** Tried after a certain failure of the first. */
  readonly backupSmtpUrl?: string | undefined;
  /** Address that mails come from where an organization has no own; the name before it is the organization's. */
  readonly fromAddress: string;
  /** Where bounces of the platform's mails come back to us. */
  readonly bounceDomain?: string | undefined;
  /** Opens what organizations have sealed; also makes the bounce addresses. */
  readonly keys: SealingKeys;
}

/** So many organizations with servers of their own keep their connections. */
const KEPT = 100;

const UNUSABLE: SendResult = {
  outcome: 'not_accepted',
  handling: 'config',
  code: 'SENDER_UNUSABLE',
  retryAfterMs: 900_000,
  detail: "Not sent: the organization's own sender cannot be used. Set it up again: wedsync channels set email.",
};

export interface EmailSender extends Sender {
  /** The platform's own server and name, for mails to a supplier's team. */
  readonly platform: Pick<Channel<EmailMessage>, 'send'>;
  close(): Promise<void>;
}

/** Sends mails of journeys: by the organization's own server and in its own name, else by the platform's. */
export function createEmailSender(options: EmailSenderOptions): EmailSender {
  const platform = serversOf(options.smtpUrl, options.backupSmtpUrl, options.fromAddress);
  const own = keepLatest<Channel<EmailMessage>>(KEPT);
  const shared = createFailoverEmailChannel({ servers: platform, from: { address: options.fromAddress } });
  return {
    provider: 'smtp',
    platform: shared,
    async send(message, sendOptions) {
      const { identity, organizationId } = message;
      if (identity === null) return shared.send(toEmail(message, options, {}), sendOptions);
      const opened = openIdentity(identity, organizationId, options.keys);
      if (opened === null) return UNUSABLE;
      const { settings, secrets, dkim } = opened;
      const key = JSON.stringify([organizationId, identity.settings, identity.sealed]);
      return own.use(
        key,
        () => ownChannel(settings, secrets, dkim, options, platform),
        (channel) => channel.send(toEmail(message, options, settings), sendOptions),
      );
    },
    async close() {
      await own.close();
      await shared.close();
    },
  };
}

function openIdentity(
  { settings, sealed }: NonNullable<ReadyMessage['identity']>,
  organizationId: string,
  keys: SealingKeys,
): { settings: EmailSettings; secrets: EmailSecrets; dkim: DkimKey | undefined } | null {
  try {
    const known = emailSettingsSchema.parse(settings);
    const secrets = emailSecretsSchema.parse(
      openSenderSecrets(sealed === null ? null : Buffer.from(sealed, 'base64'), organizationId, 'email', keys),
    );
    const dkim =
      known.dkim === undefined || secrets.dkimKey === undefined
        ? undefined
        : { ...known.dkim, privateKey: createPrivateKey(secrets.dkimKey) };
    return { settings: known, secrets, dkim };
  } catch {
    // The words of these errors may hold what is secret.
    return null;
  }
}

/** The organization's own servers where it has any; its own signature in any case. */
function ownChannel(
  settings: EmailSettings,
  { smtpUrl, backupSmtpUrl }: EmailSecrets,
  dkim: DkimKey | undefined,
  { fromAddress }: EmailSenderOptions,
  platform: readonly EmailChannel[],
): Channel<EmailMessage> {
  const from = settings.from?.address ?? fromAddress;
  const servers = smtpUrl === undefined ? platform : serversOf(smtpUrl, backupSmtpUrl, from, settings.perSecond);
  const channel = createFailoverEmailChannel({
    servers,
    from: { address: from },
    ...(dkim === undefined ? {} : { dkim }),
  });
  // The platform's connections are not this organization's to close.
  return smtpUrl === undefined
    ? { send: (message, sendOptions) => channel.send(message, sendOptions), close: async () => {} }
    : channel;
}

function serversOf(
  smtpUrl: string,
  backupSmtpUrl: string | undefined,
  from: string,
  perSecond?: number,
): readonly EmailChannel[] {
  return [smtpUrl, backupSmtpUrl]
    .filter((url) => url !== undefined)
    .map((url) =>
      createEmailChannel({
        smtpUrl: url,
        from: { address: from },
        ...(perSecond === undefined ? {} : { rateLimit: perSecond }),
      }),
    );
}

function toEmail(
  message: ReadyMessage,
  { fromAddress, bounceDomain, keys }: EmailSenderOptions,
  own: EmailSettings,
): EmailMessage {
  const { communicationId, organizationId, to, subject, text, html, composedAt, locale, unsubscribeUrl } = message;
  const from = own.from?.address ?? fromAddress;
  const name = own.from?.name ?? message.from.name;
  const replyTo = own.replyTo ?? message.from.replyTo;
  const bounces = own.bounceDomain ?? bounceDomain;
  return {
    id: communicationId,
    to: to.name === null ? { address: to.address } : { address: to.address, name: to.name },
    from: { address: from, name },
    ...(replyTo === null ? {} : { replyTo: { address: replyTo, name } }),
    subject,
    text,
    ...(html === undefined ? {} : { html }),
    ...(unsubscribeUrl === null ? {} : { unsubscribe: { url: unsubscribeUrl } }),
    ...(message.calendar === null
      ? {}
      : { calendar: message.calendar({ organizer: from, attendee: to, writtenAt: composedAt }) }),
    ...(message.attachments.length === 0 ? {} : { attachments: [...message.attachments] }),
    ...(bounces === undefined ? {} : { bounceAddress: bounceAddressOf(communicationId, bounces, keys.current.key) }),
    composedAt,
    // Whoever returns mails to us reads from it whose they are.
    listId: `${organizationId}.${from.slice(from.lastIndexOf('@') + 1)}`,
    language: locale,
  };
}
