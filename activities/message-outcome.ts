import type { StepResult } from '../db/step-effects.ts';
import { assertNever } from '../journeys/assert-never.ts';
import type { MessageStep } from '../journeys/definition.ts';
import type { Reason } from '../journeys/reasons.ts';
import { toInstant } from './clock.ts';
import { retryDelayMs } from './retry-delay.ts';

/** What became of the message to one recipient. */
export type Delivered =
  | { readonly outcome: 'accepted' }
  | { readonly outcome: 'refused'; readonly code: string; readonly detail: string }
  | { readonly outcome: 'not_accepted'; readonly code: string; readonly detail: string; readonly retryAfterMs: number }
  | { readonly outcome: 'unknown'; readonly detail: string; readonly attempts: number }
  /** A sending limit is reached: it goes from `until` (ISO instant) on. */
  | { readonly outcome: 'later'; readonly until: string; readonly detail: string }
  /** Something forbade it at the last moment. */
  | { readonly outcome: 'withheld'; readonly reason: Extract<Reason, { code: WithheldCode }> };

type WithheldCode = 'suppressed' | 'no_consent' | 'stopped';

/** How long a receipt is waited for before a message of unknown fate is sent once more. */
export const RECEIPT_GRACE_MS = 15 * 60_000;

/**
 * What the answers for all recipients of a step make of the step. One that was not accepted keeps it open, because the
 * others are not sent again by a further attempt; one of unknown fate follows the step's `ifUnknown`; one that was
 * accepted makes it done.
 *
 * @param attempts how many were made, this one included
 * @param now instant of the last answer
 * @param done how a step that was sent is remembered
 */
export function messageOutcome(
  step: MessageStep,
  answers: readonly Delivered[],
  attempts: number,
  now: Date,
  done: Reason,
): Omit<StepResult, 'at'> {
  const pending = answers.filter((answer) => answer.outcome === 'not_accepted');
  const later = answers.filter((answer) => answer.outcome === 'later');
  const accepted = answers.some((answer) => answer.outcome === 'accepted');
  if (pending.length > 0) {
    const asked = Math.max(...pending.map((answer) => answer.retryAfterMs));
    const delayMs = retryDelayMs(attempts, asked);
    const [{ code, detail } = { code: '', detail: '' }] = pending;
    if (delayMs !== null) {
      const nextAttemptAt = toInstant(new Date(now.getTime() + delayMs));
      return {
        state: 'planned',
        reason: { code: 'retry', attempts, problem: detail },
        nextAttemptAt,
        error: { code, message: detail },
      };
    }
    const message = `Given up after ${attempts} attempts: ${detail}`;
    if (!accepted && later.length === 0)
      return { state: 'failed', reason: { code: 'failed' }, error: { code, message } };
  }
  if (later.length > 0) return laterOutcome(later, attempts);
  const unknown = answers.find((answer) => answer.outcome === 'unknown');
  if (unknown !== undefined) return unknownOutcome(step, unknown, attempts, now, done);
  if (accepted) return { state: 'done', reason: done, outcome: 'sent' };
  const withheld = answers.find((answer) => answer.outcome === 'withheld');
  if (withheld !== undefined) return { state: 'skipped', reason: withheld.reason };
  const refused = answers.find((answer) => answer.outcome === 'refused');
  return {
    state: 'failed',
    reason: { code: 'failed' },
    error: { code: refused?.code ?? 'refused', message: refused?.detail ?? 'Nobody could be written to.' },
  };
}

/** Over a limit means later, never lost: waiting for its day is no attempt, so it does not use any up. */
function laterOutcome(
  later: readonly Extract<Delivered, { outcome: 'later' }>[],
  attempts: number,
): Omit<StepResult, 'at'> {
  const [first] = later.toSorted((a, b) => (a.until < b.until ? -1 : 1));
  const { until, detail } = first ?? { until: '', detail: '' };
  return {
    state: 'planned',
    reason: { code: 'retry', attempts: attempts - 1, problem: detail },
    nextAttemptAt: until,
    isUncounted: true,
    error: { code: 'sending_limit', message: detail },
  };
}

/** Never sent again blindly: only where the step allows one more, once, and after a receipt had time to come. */
function unknownOutcome(
  step: MessageStep,
  unknown: Extract<Delivered, { outcome: 'unknown' }>,
  attempts: number,
  now: Date,
  done: Reason,
): Omit<StepResult, 'at'> {
  const error = { code: 'unknown', message: unknown.detail };
  switch (step.ifUnknown) {
    case 'ask':
      return { state: 'unknown', reason: { code: 'unknown' }, error };
    case 'resend_once':
      if (unknown.attempts < 2) {
        const nextAttemptAt = toInstant(new Date(now.getTime() + RECEIPT_GRACE_MS));
        return { state: 'planned', reason: { code: 'retry', attempts, problem: unknown.detail }, nextAttemptAt, error };
      }
      return { state: 'done', reason: done, outcome: 'assumed_sent', error };
    case 'assume_sent':
    case undefined:
      return { state: 'done', reason: done, outcome: 'assumed_sent', error };
    default:
      return assertNever(step.ifUnknown);
  }
}
