import type { SendResult } from './channel.ts';
import { SMTP_CODES, SMTP_FAULTS, type SmtpCode, type SmtpFault } from './codes/smtp-codes.ts';
import { classifyBounce } from './classify-bounce.ts';
import { redact } from './redact.ts';

/** What a failed attempt left behind. */
export type SmtpFailure = {
  /** The client's code: `ECONNECTION`, `EENVELOPE` ... */
  code?: string;
  /** The server's whole last reply, where it gave one. */
  response?: string;
  responseCode?: number;
  message: string;
  /** True once the last byte of the message, its final dot, may have left. */
  handedOver: boolean;
};

const ENHANCED = /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})\b/m;
const UNKNOWN_FAULT: SmtpFault = {
  handling: 'retry',
  retryAfterMs: 60_000,
  meaning: 'sending failed',
  connection: true,
};

/**
 * Tells what a failed SMTP attempt means. A reply of the server decides by the table of codes; without one, it depends
 * on whether the message had been handed over: a connection lost after the final dot may have delivered it (RFC 1047).
 */
export function classifySmtp(failure: SmtpFailure): SendResult {
  if (failure.responseCode !== undefined && failure.responseCode >= 400) {
    return byReply(failure.responseCode, failure.response ?? '');
  }
  const code = failure.code ?? 'ERROR';
  const fault = SMTP_FAULTS[code] ?? UNKNOWN_FAULT;
  if (fault.connection && failure.handedOver) {
    return {
      outcome: 'unknown',
      code,
      detail: `The message was handed over, but ${fault.meaning} before the mail server confirmed it.`,
    };
  }
  const detail = `Not sent: ${fault.meaning}.`;
  if (fault.handling === 'permanent') return { outcome: 'refused', handling: 'permanent', code, detail };
  return withDelay({ outcome: 'not_accepted', handling: fault.handling, code, detail }, fault.retryAfterMs);
}

function byReply(reply: number, response: string): SendResult {
  const enhanced = ENHANCED.exec(response)?.[1];
  const row = findCode(reply, enhanced);
  const code = enhanced === undefined ? String(reply) : `${reply} ${enhanced}`;
  const words = redact(response);
  const detail = `The mail server answered ${reply}: ${row.meaning}.${words === '' ? '' : ` It said: ${words}`}`;
  // A 550 without an enhanced code says only "no"; its words may say that the mailbox does not exist.
  const gone = row.handling === 'permanent' && enhanced === undefined && classifyBounce({ text: response }).suppress;
  const handling = gone ? 'suppress' : row.handling;
  return withDelay({ outcome: row.outcome, handling, code, detail }, row.retryAfterMs);
}

/** The first row of the table for a reply; every reply from 400 to 599 has one. */
export function findCode(reply: number, enhanced: string | undefined): SmtpCode {
  const row = SMTP_CODES.find(
    (candidate) =>
      matches(candidate.reply, String(reply)) &&
      (candidate.enhanced === undefined || (enhanced !== undefined && matches(candidate.enhanced, enhanced))),
  );
  if (row === undefined) throw new Error(`SMTP reply ${reply} is outside of 400 to 599`);
  return row;
}

function matches(pattern: string, value: string): boolean {
  if (/^\dxx$/.test(pattern)) return value.length === 3 && value[0] === pattern[0];
  const parts = pattern.split('.');
  const given = value.split('.');
  return parts.length === given.length && parts.every((part, index) => part === 'x' || part === given[index]);
}

function withDelay(result: SendResult, retryAfterMs: number | undefined): SendResult {
  return retryAfterMs === undefined ? result : { ...result, retryAfterMs };
}
