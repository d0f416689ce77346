import { randomUUID } from 'node:crypto';
import PostalMime, { type Address } from 'postal-mime';
import type { CaughtMessage } from './caught-message.ts';

/** Parses an email as it came over the wire. The envelope decides who it is for, not the headers. */
export async function readEmail(raw: Buffer, envelope: { from: string; to: string[] }): Promise<CaughtMessage> {
  const email = await PostalMime.parse(raw, { attachmentEncoding: 'arraybuffer' });
  const reference = email.headers.find((header) => header.key === 'x-entity-ref-id')?.value;
  return {
    id: randomUUID(),
    channel: 'email',
    receivedAt: new Date().toISOString(),
    from: email.from === undefined ? envelope.from : addressText(email.from),
    to: envelope.to,
    subject: email.subject ?? '',
    text: email.text ?? '',
    ...(email.html === undefined ? {} : { html: email.html }),
    headers: email.headers.map((header) => ({ name: header.originalKey, value: header.value })),
    attachments: email.attachments.map((attachment) => {
      const content = Buffer.from(attachment.content as ArrayBuffer);
      const contentId = attachment.contentId?.replaceAll(/^<|>$/g, '');
      return {
        filename: attachment.filename ?? 'unnamed',
        contentType: attachment.mimeType,
        bytes: content.length,
        content: content.toString('base64'),
        ...(contentId === undefined ? {} : { contentId }),
      };
    }),
    ...(reference === undefined ? {} : { communicationId: reference }),
    ...(email.messageId === undefined ? {} : { providerId: email.messageId }),
    details: { Bounces: envelope.from, Size: `${raw.length} bytes` },
    raw: raw.toString('base64'),
  };
}

function addressText(address: Address): string {
  if (address.address === undefined) return address.name;
  return address.name === '' ? address.address : `${address.name} <${address.address}>`;
}
