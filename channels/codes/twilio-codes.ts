import type { Handling, Outcome } from '../channel.ts';

export type TwilioCode = {
  code: number;
  outcome: Extract<Outcome, 'refused' | 'not_accepted'>;
  handling: Handling;
  retryAfterMs?: number;
  meaning: string;
  /** True where another form or channel may still reach the person: a template, a text instead of WhatsApp. */
  otherWay?: true;
};

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const config = (code: number, meaning: string): TwilioCode => ({
  code,
  outcome: 'not_accepted',
  handling: 'config',
  retryAfterMs: 15 * MINUTE,
  meaning,
});
const permanent = (code: number, meaning: string): TwilioCode => ({
  code,
  outcome: 'refused',
  handling: 'permanent',
  meaning,
});
const suppress = (code: number, meaning: string): TwilioCode => ({
  code,
  outcome: 'refused',
  handling: 'suppress',
  meaning,
});
const retry = (code: number, retryAfterMs: number, meaning: string): TwilioCode => ({
  code,
  outcome: 'not_accepted',
  handling: retryAfterMs >= HOUR ? 'later' : 'retry',
  retryAfterMs,
  meaning,
});
const otherWay = (row: TwilioCode): TwilioCode => ({ ...row, otherWay: true });

/**
 * Twilio's codes, in answers to a request and in status callbacks. Source: twilio.com/docs/api/errors and the guides
 * it links to, read in November 2026. Twilio refines its codes now and then and advises against hard logic on them, so
 * a code outside of this table is judged by its range (`classifyTwilio`).
 */
export const TWILIO_CODES: readonly TwilioCode[] = [
  config(20003, 'the credentials were refused'),
  config(20403, 'the account may not do this'),
  config(20404, 'the account or messaging service does not exist'),
  retry(20429, 1_000, 'too many requests at once; this one was not processed'),
  permanent(21602, 'the message has no text'),
  permanent(21603, 'no sender was given'),
  permanent(21604, 'no recipient was given'),
  suppress(21211, 'the number is not valid'),
  config(21212, 'the sending number is not valid'),
  otherWay(permanent(21214, 'the number cannot be reached')),
  config(21408, 'the country is not enabled for the account'),
  config(21606, 'the sending number cannot send messages'),
  config(21607, "the sending number is not the account's"),
  config(21608, 'a trial account sends to verified numbers only'),
  suppress(21610, 'the person has opted out'),
  retry(21611, 15 * MINUTE, "the sending number's queue is full"),
  otherWay(permanent(21612, 'this sender cannot reach this number')),
  suppress(21614, 'the number is not a mobile number'),
  permanent(21617, 'the text is longer than 1,600 characters'),
  permanent(21619, 'the message has no text, picture or template'),
  config(21660, 'the sending number belongs to another account'),
  permanent(21656, "the template's variables are not valid"),
  config(21703, 'the messaging service has no sender'),
  config(21704, 'the messaging service has no sender for this country'),
  retry(30001, 5 * MINUTE, 'too many messages are waiting'),
  config(30002, 'the account is suspended'),
  retry(30003, 2 * HOUR, 'the telephone was not reachable'),
  otherWay(suppress(30004, 'the network blocks messages to this number')),
  suppress(30005, 'the number does not exist'),
  otherWay(suppress(30006, 'the number is a landline or its network cannot be reached')),
  permanent(30007, 'the network filtered the message as unwanted'),
  retry(30008, 30 * MINUTE, 'the network gave no reason'),
  permanent(30009, 'a part of the message was lost'),
  permanent(30010, 'the message costs more than allowed'),
  otherWay(permanent(30011, 'the network takes no pictures')),
  retry(30022, 5 * MINUTE, 'the rate allowed by the networks is used up'),
  retry(30023, 12 * HOUR, "the day's allowance is used up"),
  retry(30027, 12 * HOUR, "the day's allowance with the network is used up"),
  config(30032, 'the toll-free number is not verified'),
  config(30034, 'the sending number is not registered with the networks'),
  permanent(30036, 'the message was no longer useful before it could be delivered'),
  retry(30410, 30 * MINUTE, "the network's answer took too long"),
  permanent(30450, 'the message was held back as part of fraud against the account'),
  retry(30500, 30 * MINUTE, 'Twilio had an error of its own'),
  config(63001, "the channel's credentials were refused"),
  otherWay(permanent(63003, 'the person is not on WhatsApp')),
  permanent(63005, 'the channel refused the content'),
  config(63007, 'the sender is not a WhatsApp sender'),
  permanent(63013, "the message breaks the channel's rules"),
  config(63015, 'the person has not joined the sandbox'),
  otherWay(
    permanent(63016, 'more than 24 hours have passed since the person wrote, so only an approved template may be sent'),
  ),
  retry(63018, 5 * MINUTE, "the channel's rate is used up"),
  otherWay(permanent(63024, 'WhatsApp does not reach this person')),
  permanent(63027, 'the template does not exist in this language'),
  permanent(63028, "the template's variables do not match"),
  otherWay(retry(63032, 12 * HOUR, 'WhatsApp holds messages to this person back for now')),
  retry(63038, 12 * HOUR, "the account's allowance for the day is used up"),
  otherWay(retry(63049, DAY, 'WhatsApp does not deliver this marketing message now')),
  config(63051, 'the WhatsApp business account is locked'),
  config(63112, 'the WhatsApp business account is switched off'),
  retry(14107, 12 * HOUR, 'the rate of the account is used up'),
];
