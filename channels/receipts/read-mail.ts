import PostalMime, { type Attachment, type Email } from 'postal-mime';
import { classifyBounce } from '../classify-bounce.ts';
import { readOptOut } from '../opt-out-keywords.ts';
import { readBounceAddress } from './bounce-address.ts';
import {
  communicationOf,
  instantOf,
  receipt,
  type ProviderReport,
  type Receipt,
  type ReceiptEvent,
} from './receipt.ts';

/**
 * Reads a mail that came to us: a report that one of ours was not delivered (RFC 3464), a complaint (RFC 5965), an
 * automatic answer (ignored, RFC 3834), or what a person replied.
 *
 * @param receivedAt for reports that carry no time of their own
 * @param bounceKeys of the addresses to which our mails come back (bounce-address.ts): such an address says which message
 *   it was even where the report does not
 */
export async function readMail(
  raw: Uint8Array,
  receivedAt: Date,
  bounceKeys: readonly Buffer[] = [],
): Promise<ProviderReport> {
  // Without it the returned message would be taken for the report's own text.
  const email = await PostalMime.parse(raw, { forceRfc822Attachments: true, attachmentEncoding: 'utf8' });
  const delivery = part(email, 'message/delivery-status');
  const complaint = part(email, 'message/feedback-report');
  if (delivery !== undefined)
    return {
      ok: true,
      receipts: deliveryReceipts(email, delivery, receivedAt, returnedTo(email, bounceKeys)),
      replies: [],
    };
  if (complaint !== undefined)
    return { ok: true, receipts: [complaintReceipt(email, complaint, receivedAt)], replies: [] };
  if (isAutomatic(email) || email.from?.address === undefined) return { ok: true, receipts: [], replies: [] };
  const text = withoutQuote(email.text ?? '');
  return {
    ok: true,
    receipts: [],
    replies: [
      {
        provider: 'mail',
        channel: 'email',
        dedupKey: email.messageId ?? `${email.from.address}:${email.date ?? ''}`,
        from: email.from.address,
        to: email.to?.[0]?.address ?? '',
        text,
        communicationId: communicationOf(email.inReplyTo) ?? communicationOf(email.references),
        keyword: readOptOut(text) === 'stop' ? 'stop' : null,
      },
    ],
  };
}

const ACTIONS: Readonly<Record<string, ReceiptEvent>> = {
  failed: 'bounced',
  delayed: 'delayed',
  delivered: 'delivered',
  relayed: 'sent',
  expanded: 'sent',
};

/** A delivery report: fields about the message, then a group of fields for each recipient, apart by empty lines. */
function deliveryReceipts(email: Email, report: string, receivedAt: Date, returned: string | null): Receipt[] {
  const [message = {}, ...recipients] = report
    .replaceAll('\r\n', '\n')
    .split(/\n\s*\n/)
    .map(fields)
    .filter((group) => Object.keys(group).length > 0);
  const original = originalHeaders(email);
  const communicationId =
    returned ??
    message['original-envelope-id'] ??
    original['x-entity-ref-id'] ??
    communicationOf(original['message-id']);
  return recipients.flatMap((group): Receipt[] => {
    const event = ACTIONS[group['action']?.toLowerCase() ?? ''];
    if (event === undefined) return [];
    const status = /\d\.\d{1,3}\.\d{1,3}/.exec(group['status'] ?? '')?.[0];
    const words = group['diagnostic-code'] ?? '';
    const verdict = classifyBounce({ ...(status === undefined ? {} : { status }), text: words });
    const recipient = addressOf(group['final-recipient'] ?? group['original-recipient'] ?? '');
    return [
      receipt({
        provider: 'mail',
        channel: 'email',
        dedupKey: `${email.messageId ?? communicationId ?? ''}:${recipient}:${event}`,
        event,
        status: event === 'delayed' ? null : event === 'bounced' || event === 'delivered' ? event : 'sent',
        occurredAt: instantOf(group['last-attempt-date'] ?? email.date ?? '') ?? receivedAt.toISOString(),
        communicationId: communicationId ?? null,
        providerId: original['message-id'] ?? null,
        recipient,
        suppression: event === 'bounced' && verdict.suppress ? 'hard_bounce' : null,
        code: status ?? null,
        detail: `${event}, ${verdict.label}: ${words}`,
      }),
    ];
  });
}

function complaintReceipt(email: Email, report: string, receivedAt: Date): Receipt {
  const about = fields(report);
  const original = originalHeaders(email);
  const recipient = addressOf(about['original-rcpt-to'] ?? original['to'] ?? '');
  return receipt({
    provider: 'mail',
    channel: 'email',
    dedupKey: `${email.messageId ?? ''}:${recipient}:complained`,
    event: 'complained',
    status: 'complained',
    occurredAt: instantOf(email.date ?? '') ?? receivedAt.toISOString(),
    communicationId: original['x-entity-ref-id'] ?? communicationOf(original['message-id']),
    providerId: original['message-id'] ?? null,
    recipient,
    suppression: 'complaint',
    code: about['feedback-type'] ?? null,
    detail: 'The recipient called the message unwanted.',
  });
}

/** The message whose envelope named the address that this mail came to. */
function returnedTo(email: Email, keys: readonly Buffer[]): string | null {
  const addresses = [email.deliveredTo, ...(email.to ?? []).map((to) => to.address)];
  for (const address of addresses) {
    const id = address === undefined ? null : readBounceAddress(address, keys);
    if (id !== null) return id;
  }
  return null;
}

function part(email: Email, type: string): string | undefined {
  const found = email.attachments.find((attachment) => attachment.mimeType === type);
  return found === undefined ? undefined : textOf(found);
}

function originalHeaders(email: Email): Record<string, string> {
  const whole = part(email, 'text/rfc822-headers') ?? part(email, 'message/rfc822') ?? '';
  return fields(whole.replaceAll('\r\n', '\n').split('\n\n', 1)[0] ?? '');
}

/** `Name: value` lines, folded lines joined, names in lower case; the first of a name counts. */
function fields(text: string): Record<string, string> {
  const result: Record<string, string> = {};
  for (const line of text
    .replaceAll('\r\n', '\n')
    .replaceAll(/\n[ \t]+/g, ' ')
    .split('\n')) {
    const match = /^([A-Za-z0-9-]+):\s*(.*)$/.exec(line);
    const name = match?.[1]?.toLowerCase();
    if (name !== undefined) result[name] ??= (match?.[2] ?? '').trim();
  }
  return result;
}

function addressOf(field: string): string {
  return /[^\s<>;]+@[^\s<>;]+/.exec(field)?.[0] ?? '';
}

function isAutomatic(email: Email): boolean {
  const header = (name: string): string | undefined =>
    email.headers.find((line) => line.key === name)?.value.toLowerCase();
  const submitted = header('auto-submitted');
  return (
    (submitted !== undefined && submitted !== 'no') ||
    header('return-path') === '<>' ||
    ['bulk', 'junk', 'list', 'auto_reply'].includes(header('precedence') ?? '') ||
    header('x-autoreply') !== undefined ||
    header('x-autorespond') !== undefined
  );
}

/** What the person wrote, without the message that they answer. */
function withoutQuote(text: string): string {
  const lines = text.replaceAll('\r\n', '\n').split('\n');
  const quote = lines.findIndex((line) => /^>|^On .+ wrote:$|^-{2,} ?Original Message|^_{10,}$|^From: .+@/.test(line));
  return (quote === -1 ? lines : lines.slice(0, quote)).join('\n').trim();
}

function textOf(attachment: Attachment): string {
  const { content } = attachment;
  return typeof content === 'string' ? content : new TextDecoder().decode(content);
}
