import type { SendResult } from './channel.ts';
import { TWILIO_CODES, type TwilioCode } from './codes/twilio-codes.ts';

/** What went wrong with one request to Twilio; made from the SDK's error, whose other fields hold credentials. */
export type TwilioFailure = {
  /** HTTP status of the answer; absent where there was none. */
  status?: number;
  /** Twilio's own code. */
  code?: number;
  /** The network's error code: `ECONNREFUSED`, `ECONNRESET` ... */
  networkCode?: string;
  /** True where the connection was never made, so that nothing can have been sent. */
  neverConnected: boolean;
  retryAfterMs?: number;
};

/**
 * Tells what a failed request to Twilio means. Creating a message has no idempotency key, so an answer that was lost
 * and an error of Twilio's own (5xx) are `unknown`: the status callback that carries our id will tell.
 */
export function classifyTwilio(failure: TwilioFailure): SendResult {
  const { status, code } = failure;
  if (status === undefined) {
    const name = failure.networkCode ?? 'NETWORK';
    if (!failure.neverConnected) {
      return { outcome: 'unknown', code: name, detail: 'Twilio was asked to send, but its answer was lost.' };
    }
    return {
      outcome: 'not_accepted',
      handling: 'retry',
      retryAfterMs: 60_000,
      code: name,
      detail: 'Not sent: Twilio could not be reached.',
    };
  }
  if (status >= 500 || status === 408) {
    return {
      outcome: 'unknown',
      code: String(code ?? status),
      detail: `Twilio answered ${status}; the message may have gone.`,
    };
  }
  const row = status === 429 ? findTwilioCode(20429) : findTwilioCode(code ?? 0);
  const shown = String(code ?? status);
  const detail = `Twilio answered ${shown}: ${row.meaning}.`;
  const result: SendResult = { outcome: row.outcome, handling: row.handling, code: shown, detail };
  if (row.outcome === 'refused') return result;
  return { ...result, retryAfterMs: Math.max(row.retryAfterMs ?? 0, failure.retryAfterMs ?? 0) };
}

/** The row of a code; an unknown one is judged by its range and never suppresses anybody. */
export function findTwilioCode(code: number): TwilioCode {
  const known = TWILIO_CODES.find((row) => row.code === code);
  if (known !== undefined) return known;
  const soft = code >= 30_000 && code < 40_000;
  return soft
    ? {
        code,
        outcome: 'not_accepted',
        handling: 'later',
        retryAfterMs: 3_600_000,
        meaning: 'the network did not deliver it',
      }
    : { code, outcome: 'refused', handling: 'permanent', meaning: 'the message was refused' };
}
