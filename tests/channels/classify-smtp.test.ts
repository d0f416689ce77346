import { describe, expect, it } from 'vitest';
import { classifySmtp, findCode } from '../../channels/classify-smtp.ts';
import { SMTP_CODES, SMTP_FAULTS } from '../../channels/codes/smtp-codes.ts';

// Outcome and handling by reply, as messaging services and RFC 5321, 3463 and 7505 describe them.
const REPLIES: [reply: string, outcome: string, handling: string][] = [
  ['421 4.3.2 shutting down', 'not_accepted', 'retry'],
  ['450 4.2.1 mailbox busy', 'not_accepted', 'retry'],
  ['451 4.7.1 greylisted', 'not_accepted', 'retry'],
  ['452 4.2.2 over quota', 'not_accepted', 'later'],
  ['452 4.3.1 insufficient storage', 'not_accepted', 'retry'],
  ['454 4.7.0 temporary authentication failure', 'not_accepted', 'config'],
  ['432 4.7.12 a password transition is needed', 'not_accepted', 'config'],
  ['500 5.5.2 syntax', 'refused', 'permanent'],
  ['503 5.5.1 bad sequence', 'not_accepted', 'retry'],
  ['521 5.3.2 host does not accept mail', 'refused', 'permanent'],
  ['530 5.7.0 authentication required', 'not_accepted', 'config'],
  ['535 5.7.8 credentials invalid', 'not_accepted', 'config'],
  ['550 5.1.1 user unknown', 'refused', 'suppress'],
  ['550 5.1.2 bad domain', 'refused', 'suppress'],
  ['550 5.1.10 null MX', 'refused', 'suppress'],
  ['550 5.2.1 mailbox disabled', 'refused', 'suppress'],
  ['553 5.1.3 bad syntax', 'refused', 'suppress'],
  ['556 5.1.10 null MX', 'refused', 'suppress'],
  ['552 5.2.2 mailbox full', 'not_accepted', 'later'],
  ['552 5.3.4 message too big', 'refused', 'permanent'],
  ['550 5.4.4 unable to route', 'not_accepted', 'later'],
  ['550 5.7.1 blocked for spam', 'refused', 'config'],
  ['550 5.7.26 unauthenticated mail', 'refused', 'config'],
  ['554 5.7.1 DMARC policy', 'refused', 'config'],
  ['555 5.5.4 parameters not recognised', 'refused', 'permanent'],
  ['550 no', 'refused', 'permanent'],
  ['550 No such user here', 'refused', 'suppress'],
  ['550 Requested action not taken: mailbox disabled', 'refused', 'suppress'],
  ['550 blocked using a list', 'refused', 'permanent'],
  ['599 whatever', 'refused', 'permanent'],
  ['499 whatever', 'not_accepted', 'retry'],
];

describe('an answer of a mail server', () => {
  it.each(REPLIES)('%s is %s, %s', (response, outcome, handling) => {
    for (const handedOver of [true, false]) {
      const failure = { response, responseCode: Number(response.slice(0, 3)), message: '', handedOver };
      expect(classifySmtp(failure)).toMatchObject({ outcome, handling });
    }
  });

  it('has a row in the table for every reply from 400 to 599', () => {
    for (let reply = 400; reply < 600; reply += 1) expect(findCode(reply, undefined).meaning).not.toBe('');
  });

  it('is worth another attempt exactly when the table gives a time to wait', () => {
    const wrong = SMTP_CODES.filter((row) => (row.retryAfterMs !== undefined) !== (row.outcome === 'not_accepted'));
    expect(wrong).toEqual([]);
  });

  it('has a source for every row of the table', () => {
    expect(SMTP_CODES.filter((row) => !/^RFC \d{4}/.test(row.source))).toEqual([]);
  });
});

describe('a failure without an answer', () => {
  it.each(Object.entries(SMTP_FAULTS).filter(([, fault]) => fault.connection))(
    '%s is unknown after the message was handed over, surely not sent before',
    (code) => {
      expect(classifySmtp({ code, message: '', handedOver: true })).toMatchObject({ outcome: 'unknown', code });
      expect(classifySmtp({ code, message: '', handedOver: false })).toMatchObject({ outcome: 'not_accepted', code });
    },
  );

  it('of a kind nobody has seen before counts as unknown once bytes have left', () => {
    expect(classifySmtp({ code: 'ENEW', message: '', handedOver: true }).outcome).toBe('unknown');
  });
});
