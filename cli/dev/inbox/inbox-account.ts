import type { TwilioAccount } from './twilio-endpoint.ts';

// Known to everybody: it opens this machine's own inbox and nothing else.
export const INBOX_ACCOUNT: TwilioAccount = { accountSid: `AC${'0'.repeat(31)}1`, authToken: 'development-inbox' };

/** Whom texts come from in development: a number from the range kept for fiction, which nobody has. */
export const INBOX_SENDER = '+447700900800';
