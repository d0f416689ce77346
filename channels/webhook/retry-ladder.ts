import type { WebhookResult } from './webhook-result.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/**
 * Waits before each attempt: ten attempts over 75 hours and 35 minutes, the sample schedule of Standard Webhooks 1.0.0
 * ("Deliverability and reliability"). A weekend with a broken receiver loses nothing.
 */
export const RETRY_LADDER_MS: readonly number[] = [
  0,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

/** A receiver that asks for longer is asked again after a day: it may have meant a date it got wrong. */
export const LONGEST_RETRY_AFTER_MS = 24 * HOUR;
const JITTER = 0.2;

export type NextAttempt =
  | { kind: 'delivered' }
  | { kind: 'retry'; afterMs: number }
  /** The last rung was tried: the delivery is over, the owner is told. */
  | { kind: 'exhausted' }
  /** The receiver or we said no for good to this message. */
  | { kind: 'failed' }
  /** As `failed`, and the endpoint gets nothing more until a person switches it on. */
  | { kind: 'switch_off' };

/**
 * What follows after attempt number `attempt` (1 for the first) ended with `result`.
 *
 * @param random 0 to 1: spreads the wait by ±20 %, so that the deliveries of one outage do not come back as one wave
 * @param ladder waits before each attempt in milliseconds; its length is the number of attempts
 */
export function nextAttempt(
  attempt: number,
  result: Pick<WebhookResult, 'outcome' | 'retryAfterMs' | 'endpoint'>,
  random: number,
  ladder: readonly number[] = RETRY_LADDER_MS,
): NextAttempt {
  if (result.outcome === 'accepted') return { kind: 'delivered' };
  if (result.endpoint === 'switch_off') return { kind: 'switch_off' };
  if (result.outcome === 'refused') return { kind: 'failed' };
  const rung = ladder[attempt];
  if (rung === undefined) return { kind: 'exhausted' };
  const spread = rung * (1 - JITTER + 2 * JITTER * random);
  const asked = Math.min(result.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);
  return { kind: 'retry', afterMs: Math.round(Math.max(spread, asked)) };
}
