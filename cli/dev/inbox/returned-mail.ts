import { randomUUID } from 'node:crypto';
import type { CaughtMessage } from './caught-message.ts';

type Kind = 'bounce' | 'complaint';

/**
 * The mail that a mailbox provider sends back about a message: a delivery report (RFC 3464), or a complaint of the
 * reader's (RFC 5965). Written as providers write them, so that reading it is tried for real.
 *
 * @param message what came, with its own headers
 * @param status of the bounce (RFC 3463)
 */
export function returnedMail(kind: Kind, message: CaughtMessage, status = '5.1.1', now = new Date()): string {
  const [recipient = ''] = message.to;
  const bounceAddress = message.details['Bounces'] ?? '';
  const boundary = `=_returned_${randomUUID()}`;
  const headers = message.headers
    .filter(({ name }) => /^(?:from|to|subject|message-id|date|x-entity-ref-id)$/i.test(name))
    .map(({ name, value }) => `${name}: ${value}`)
    .join('\r\n');
  const reportType = kind === 'bounce' ? 'delivery-status' : 'feedback-report';
  const report =
    kind === 'bounce'
      ? [
          'Reporting-MTA: dns; inbox.example.net',
          ...(message.communicationId === undefined ? [] : [`Original-Envelope-Id: ${message.communicationId}`]),
          '',
          `Final-Recipient: rfc822; ${recipient}`,
          'Action: failed',
          `Status: ${status}`,
          `Diagnostic-Code: smtp; 550 ${status} user unknown`,
        ]
      : ['Feedback-Type: abuse', 'User-Agent: DevInbox/1.0', 'Version: 1', `Original-Rcpt-To: <${recipient}>`];
  const words = kind === 'bounce' ? 'Your message could not be delivered.' : 'A reader called this message unwanted.';
  return [
    'Return-Path: <>',
    `Date: ${now.toUTCString().replace('GMT', '+0000')}`,
    `From: ${kind === 'bounce' ? 'Mail Delivery System <mailer-daemon@inbox.example.net>' : 'Feedback loop <feedback@inbox.example.net>'}`,
    `To: ${bounceAddress}`,
    `Subject: ${kind === 'bounce' ? 'Undelivered Mail Returned to Sender' : 'Complaint about your message'}`,
    `Message-ID: <${randomUUID()}@inbox.example.net>`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=${reportType}; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain; charset=utf-8',
    '',
    words,
    '',
    `--${boundary}`,
    `Content-Type: message/${reportType}`,
    '',
    ...report,
    '',
    `--${boundary}`,
    'Content-Type: text/rfc822-headers',
    '',
    headers,
    '',
    `--${boundary}--`,
    '',
  ].join('\r\n');
}
