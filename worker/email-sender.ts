import type { ReadyMessage, Sender } from '../activities/send-message.ts';
import { createEmailChannel, type EmailChannel } from '../channels/email.ts';

export interface EmailSenderOptions {
  readonly smtpUrl: string;
  /** Address that mails come from; the name before it is the organization's. */
  readonly fromAddress: string;
}

/** Sends mails of journeys through the SMTP server. */
export function createEmailSender({ smtpUrl, fromAddress }: EmailSenderOptions): Sender & Pick<EmailChannel, 'close'> {
  const channel = createEmailChannel({ smtpUrl, from: { address: fromAddress } });
  return {
    provider: 'smtp',
    close: () => channel.close(),
    send: (message, options) => channel.send(toEmail(message, fromAddress), options),
  };
}

function toEmail(message: ReadyMessage, fromAddress: string) {
  const { communicationId, organizationId, to, subject, text, html, composedAt, locale, from, unsubscribeUrl } =
    message;
  return {
    id: communicationId,
    to: to.name === null ? { address: to.address } : { address: to.address, name: to.name },
    from: { address: fromAddress, name: from.name },
    ...(from.replyTo === null ? {} : { replyTo: { address: from.replyTo, name: from.name } }),
    subject,
    text,
    ...(html === undefined ? {} : { html }),
    ...(unsubscribeUrl === null ? {} : { unsubscribe: { url: unsubscribeUrl } }),
    composedAt,
    // Whoever returns mails to us reads from it whose they are.
    listId: `${organizationId}.${fromAddress.slice(fromAddress.lastIndexOf('@') + 1)}`,
    language: locale,
  };
}
