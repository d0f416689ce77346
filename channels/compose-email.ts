import { hash, type KeyObject } from 'node:crypto';
import { createTransport } from 'nodemailer';
import type { EmailMessage, Mailbox } from './email-message.ts';

export type DkimKey = { domain: string; selector: string; privateKey: KeyObject };

/** A message ready for the wire. */
export type ComposedEmail = {
  raw: Buffer;
  /** With angle brackets. Depends on the communication's id alone, so a second copy is recognised as one. */
  messageId: string;
  envelope: { from: string; to: string };
  sha256: string;
};

/**
 * What the signature covers: nodemailer's own list lacks List-Unsubscribe-Post, and RFC 8058 section 4 wants both
 * unsubscribe headers under it. From and Date stand twice so that none can be added (RFC 6376 5.4.2 and 8.15).
 */
const SIGNED_HEADERS =
  'from:sender:reply-to:subject:date:message-id:to:cc:mime-version:content-type:content-transfer-encoding:' +
  'content-language:auto-submitted:list-id:list-unsubscribe:list-unsubscribe-post:x-entity-ref-id';

/**
 * Writes a message once, to bytes: an attempt that is repeated sends the very same ones.
 *
 * @param message a checked message; see `emailMessageSchema`
 * @param from the sender
 * @param dkim signs the message when given; throws when the key did not lead to a signature, because nodemailer keeps
 *   silent about a key that it cannot use
 */
export async function composeEmail(message: EmailMessage, from: Mailbox, dkim?: DkimKey): Promise<ComposedEmail> {
  const messageId = messageIdOf(message.id, from.address);
  const composer = createTransport({
    streamTransport: true,
    buffer: true,
    newline: 'windows',
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(dkim === undefined ? {} : { dkim: signatureOptions(dkim) }),
  });
  const info = await composer.sendMail({
    messageId,
    from: addressOf(from),
    to: addressOf(message.to),
    ...(message.replyTo === undefined ? {} : { replyTo: addressOf(message.replyTo) }),
    subject: message.subject,
    date: message.composedAt,
    text: message.text,
    ...(message.html === undefined ? {} : { html: message.html }),
    // Without this the boundaries would be random, and the same message would have other bytes each time.
    baseBoundary: hash('sha256', message.id).slice(0, 24),
    xMailer: false,
    headers: headersOf(message),
    ...(message.calendar === undefined ? {} : { icalEvent: { ...message.calendar, filename: 'invite.ics' } }),
    attachments: (message.attachments ?? []).map((attachment) => ({
      filename: attachment.filename,
      contentType: attachment.contentType,
      content: Buffer.from(attachment.content),
      ...(attachment.contentId === undefined ? {} : { cid: attachment.contentId }),
    })),
  });
  const raw = asBuffer(info.message);
  if (dkim !== undefined && !/^DKIM-Signature:/im.test(raw.toString('latin1').split('\r\n\r\n', 1)[0] ?? '')) {
    throw new Error(
      `The DKIM key of ${dkim.domain} (selector ${dkim.selector}) did not sign the message. Save the key again: RSA, 2048 bits.`,
    );
  }
  return {
    raw,
    messageId,
    envelope: { from: message.bounceAddress ?? from.address, to: message.to.address },
    sha256: hash('sha256', raw),
  };
}

/** The Message-ID of a communication: the same for every attempt. */
export function messageIdOf(communicationId: string, senderAddress: string): string {
  return `<${communicationId}.1@${senderAddress.slice(senderAddress.lastIndexOf('@') + 1)}>`;
}

function headersOf(message: EmailMessage): Record<string, string | { prepared: true; value: string }> {
  const headers: Record<string, string | { prepared: true; value: string }> = {
    // RFC 3834 5: keeps holiday notices from answering.
    'Auto-Submitted': 'auto-generated',
    // Keeps Gmail from folding separate messages into one, and carries our id back in bounces and webhooks.
    'X-Entity-Ref-ID': message.id,
  };
  if (message.language !== undefined) headers['Content-Language'] = message.language;
  if (message.listId !== undefined) headers['List-Id'] = { prepared: true, value: `<${message.listId}>` };
  if (message.unsubscribe !== undefined) {
    const { url, mailto } = message.unsubscribe;
    const ways = mailto === undefined ? `<${url}>` : `<${url}>, <mailto:${mailto}>`;
    // One line with both ways (RFC 2369 2); `prepared` keeps the address from being folded in its middle.
    headers['List-Unsubscribe'] = { prepared: true, value: ways };
    headers['List-Unsubscribe-Post'] = 'List-Unsubscribe=One-Click';
  }
  return headers;
}

function signatureOptions(dkim: DkimKey): {
  domainName: string;
  keySelector: string;
  privateKey: KeyObject;
  headerFieldNames: string;
} {
  // A KeyObject, not PEM text: parsing the text for each message doubles the cost of composing.
  return {
    domainName: dkim.domain,
    keySelector: dkim.selector,
    privateKey: dkim.privateKey,
    headerFieldNames: SIGNED_HEADERS,
  };
}

function addressOf(box: Mailbox): { name: string; address: string } {
  return { name: box.name ?? '', address: box.address };
}

function asBuffer(composed: unknown): Buffer {
  if (!Buffer.isBuffer(composed)) throw new Error('The mail composer gave no bytes.');
  return composed;
}
