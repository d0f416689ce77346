import { randomUUID } from 'node:crypto';
import type { EmailMessage } from '../../../channels/email-message.ts';

/** A small valid message; override what a test is about. */
export function anEmail(over: Partial<EmailMessage> = {}): EmailMessage {
  return {
    id: randomUUID(),
    to: { name: 'Siân Llewellyn', address: 'sian.llewellyn@example.com' },
    subject: 'Your date is ours',
    text: 'Hello Siân,\n\nsee you in June.',
    html: '<p>Hello Siân,</p><p>see you in June.</p>',
    composedAt: new Date('2027-03-12T09:00:00Z'),
    ...over,
  };
}

export const SENDER = { name: 'Alder and Finch', address: 'hello@mail.example.com' };
