import type { Handling, Outcome } from '../channel.ts';

/** One rule of the table; `x` in a pattern stands for any digits. A missing `enhanced` matches any or none. */
export type SmtpCode = {
  reply: string;
  enhanced?: string;
  outcome: Extract<Outcome, 'refused' | 'not_accepted'>;
  handling: Handling;
  retryAfterMs?: number;
  meaning: string;
  source: string;
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function suppress(enhanced: string, meaning: string, source = 'RFC 3463 3.2'): SmtpCode {
  return { reply: '5xx', enhanced, outcome: 'refused', handling: 'suppress', meaning, source };
}
function later(reply: string, enhanced: string, retryAfterMs: number, meaning: string): SmtpCode {
  return { reply, enhanced, outcome: 'not_accepted', handling: 'later', retryAfterMs, meaning, source: 'RFC 3463 3' };
}
function settings(reply: string, meaning: string, source: string): SmtpCode {
  // The message itself is fine: it waits until a person has repaired the settings.
  return { reply, outcome: 'not_accepted', handling: 'config', retryAfterMs: 15 * MINUTE, meaning, source };
}
function permanent(reply: string, meaning: string, source: string, enhanced?: string): SmtpCode {
  const base = { reply, outcome: 'refused', handling: 'permanent', meaning, source } as const;
  return enhanced === undefined ? base : { ...base, enhanced };
}
function retry(reply: string, retryAfterMs: number, meaning: string, source: string): SmtpCode {
  return { reply, outcome: 'not_accepted', handling: 'retry', retryAfterMs, meaning, source };
}

/**
 * Replies of mail servers, the most particular first; the first row that matches counts. A refusal for policy (5.7.x)
 * says something about the sender, so it never suppresses the recipient.
 */
export const SMTP_CODES: readonly SmtpCode[] = [
  suppress('5.1.1', 'there is no such mailbox'),
  suppress('5.1.2', 'there is no such mail domain'),
  suppress('5.1.3', 'the address is not valid'),
  suppress('5.1.6', 'the mailbox has moved away'),
  suppress('5.1.10', 'the domain accepts no mail', 'RFC 7505 4.2'),
  suppress('5.2.1', 'the mailbox is switched off', 'RFC 3463 3.3'),
  { ...suppress('x.x.x', 'the domain accepts no mail', 'RFC 7504 2'), reply: '556' },

  later('4xx', '4.2.2', DAY, 'the mailbox is full'),
  later('5xx', '5.2.2', DAY, 'the mailbox is full'),
  later('5xx', '5.4.4', 6 * HOUR, 'no route to the mail domain'),
  permanent('5xx', 'the message is too large', 'RFC 3463 3.4', '5.3.4'),
  permanent('5xx', 'the message is too large for the mailbox', 'RFC 3463 3.3', '5.2.3'),

  settings('432', 'the account needs a password change', 'RFC 4954 4.7.12'),
  settings('454', 'the server cannot check the password now', 'RFC 4954 6'),
  settings('530', 'the server wants a login', 'RFC 4954 6'),
  settings('534', 'the login mechanism is too weak', 'RFC 4954 6'),
  settings('535', 'the login was refused', 'RFC 4954 6'),
  settings('538', 'the server wants encryption for the login', 'RFC 4954 6'),
  {
    reply: '5xx',
    enhanced: '5.7.x',
    outcome: 'refused',
    handling: 'config',
    meaning: 'the sender is not trusted (policy, spam, SPF, DKIM or DMARC)',
    source: 'RFC 3463 3.8, RFC 7372',
  },

  retry('421', MINUTE, 'the server is closing the connection', 'RFC 5321 4.2.3'),
  retry('450', 5 * MINUTE, 'the mailbox is busy or greylisted', 'RFC 5321 4.2.3'),
  retry('451', 5 * MINUTE, 'the server had an error of its own', 'RFC 5321 4.2.3'),
  retry('452', 5 * MINUTE, 'the server is short of storage', 'RFC 5321 4.2.3'),
  retry('455', 5 * MINUTE, 'the server cannot take these parameters now', 'RFC 5321 4.2.3'),
  retry('4xx', 5 * MINUTE, 'the server refused for the moment', 'RFC 5321 4.2.1'),
  retry('503', 30_000, 'the session was out of step', 'RFC 5321 4.2.3'),

  permanent('500', 'the server did not understand the command', 'RFC 5321 4.2.3'),
  permanent('501', 'the server did not understand a parameter', 'RFC 5321 4.2.3'),
  permanent('502', 'the server does not know the command', 'RFC 5321 4.2.3'),
  permanent('504', 'the server does not know a parameter', 'RFC 5321 4.2.3'),
  permanent('521', 'the host accepts no mail', 'RFC 7504 3'),
  permanent('523', 'the message is too large', 'RFC 3463 3.4'),
  permanent('550', 'the mailbox was refused', 'RFC 5321 4.2.3'),
  permanent('551', 'the recipient is not local', 'RFC 5321 4.2.3'),
  permanent('552', 'the storage allowance is used up', 'RFC 5321 4.2.3'),
  permanent('553', 'the mailbox name is not allowed', 'RFC 5321 4.2.3'),
  permanent('554', 'the transaction failed', 'RFC 5321 4.2.3'),
  permanent('555', 'the server does not accept the parameters', 'RFC 5321 4.2.3'),
  permanent('556', 'the domain accepts no mail', 'RFC 7504 2'),
  permanent('5xx', 'the server refused for good', 'RFC 5321 4.2.1'),
];

/** One failure of the SMTP client without a reply of the server. */
export type SmtpFault = { handling: Handling; retryAfterMs?: number; meaning: string; connection: boolean };

/**
 * The client's own codes (nodemailer 10, `errors.ts`). `connection: true` marks those that say nothing about how far
 * the message came: whether it was handed over decides between "surely not sent" and "unknown".
 */
export const SMTP_FAULTS: Readonly<Record<string, SmtpFault>> = {
  EDNS: { handling: 'retry', retryAfterMs: MINUTE, meaning: 'the mail server was not found', connection: true },
  ECONNECTION: { handling: 'retry', retryAfterMs: MINUTE, meaning: 'the connection was lost', connection: true },
  ESOCKET: { handling: 'retry', retryAfterMs: MINUTE, meaning: 'the connection failed', connection: true },
  ETIMEDOUT: {
    handling: 'retry',
    retryAfterMs: MINUTE,
    meaning: 'the server did not answer in time',
    connection: true,
  },
  EABORT: { handling: 'retry', retryAfterMs: MINUTE, meaning: 'the attempt was given up', connection: true },
  EPROTOCOL: { handling: 'retry', retryAfterMs: MINUTE, meaning: 'the server did not speak SMTP', connection: true },
  EPROXY: { handling: 'retry', retryAfterMs: MINUTE, meaning: 'the proxy failed', connection: true },
  ESTREAM: { handling: 'retry', retryAfterMs: MINUTE, meaning: 'reading the message failed', connection: true },
  EAUTH: { handling: 'config', retryAfterMs: 15 * MINUTE, meaning: 'the login was refused', connection: false },
  ENOAUTH: { handling: 'config', retryAfterMs: 15 * MINUTE, meaning: 'no login is configured', connection: false },
  EOAUTH2: { handling: 'config', retryAfterMs: 15 * MINUTE, meaning: 'no access token was given', connection: false },
  ETLS: {
    handling: 'config',
    retryAfterMs: 15 * MINUTE,
    meaning: 'no encrypted connection was possible',
    connection: false,
  },
  EREQUIRETLS: {
    handling: 'config',
    retryAfterMs: 15 * MINUTE,
    meaning: 'the server does not offer encryption',
    connection: false,
  },
  ECONFIG: {
    handling: 'config',
    retryAfterMs: 15 * MINUTE,
    meaning: 'the mail settings are not valid',
    connection: false,
  },
  EENVELOPE: { handling: 'permanent', meaning: 'sender or recipient is not valid', connection: false },
  EMESSAGE: { handling: 'permanent', meaning: 'the message is not valid', connection: false },
  EMAXRECIPIENTS: { handling: 'permanent', meaning: 'more than one recipient was given', connection: false },
  EFILEACCESS: { handling: 'permanent', meaning: 'the message wanted to read a file', connection: false },
  EURLACCESS: { handling: 'permanent', meaning: 'the message wanted to fetch an address', connection: false },
};
