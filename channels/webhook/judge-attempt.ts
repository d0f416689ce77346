import type { SendResult } from '../channel.ts';
import { classifyFault, FAULT_WORDS } from './classify-fault.ts';
import { findHttpCode } from './http-codes.ts';
import { retryAfterMs } from './retry-after.ts';
import type { WebhookAttempt, WebhookFault, WebhookResult } from './webhook-result.ts';

const MOST_HEADER_BYTES = 8 * 1024;

/** What is known of the attempt while it runs. `remoteAddress` is set when the request may begin to leave. */
export type Wire = { remoteAddress: string | null; begunAt: number; timedOut: () => boolean };

/** The result where an answer came: its status decides. */
export function fromStatus(
  status: number,
  responseHeaders: Record<string, string>,
  responseBody: Buffer,
  bodyComplete: boolean,
  wire: Wire,
  now: Date,
): WebhookResult {
  const row = findHttpCode(status);
  const wish = responseHeaders['webhook-delivery']?.trim().toLowerCase();
  const attempt: WebhookAttempt = {
    ...attemptOf(wire, null),
    status,
    responseHeaders: cutHeaders(responseHeaders),
    responseBody,
    bodyComplete,
  };
  // A receiver's own words, as Svix has them: take this one back, or send me nothing more.
  const stopped = row.outcome !== 'accepted' && (wish === 'abort-message' || wish === 'disable');
  const outcome = stopped ? 'refused' : row.outcome;
  const handling = stopped ? 'permanent' : row.handling;
  const asked = Math.max(row.retryAfterMs ?? 0, retryAfterMs(responseHeaders['retry-after'], now) ?? 0);
  const location = status >= 300 && status < 400 && responseHeaders['location'] !== undefined;
  return {
    outcome,
    ...(handling === undefined ? {} : { handling }),
    ...(outcome === 'not_accepted' && asked > 0 ? { retryAfterMs: asked } : {}),
    code: String(status),
    detail: `The receiver answered ${status}: ${row.meaning}.${location ? ' The new address is in the answer’s headers.' : ''}`,
    attempt,
    endpoint: row.endpoint === 'switch_off' || (stopped && wish === 'disable') ? 'switch_off' : 'keep',
  };
}

/** The result where none came: it matters whether the request may have left. */
export function fromFault(error: unknown, wire: Wire, cancelled: boolean): WebhookResult {
  const found = classifyFault(error);
  const fault: WebhookFault = cancelled ? 'cancelled' : wire.timedOut() ? 'timeout' : found.fault;
  if (fault === 'address_refused') {
    return addressRefused(error instanceof Error ? error.message : FAULT_WORDS[fault], wire.begunAt);
  }
  const mayHaveArrived = wire.remoteAddress !== null;
  const slow: Partial<SendResult> = fault === 'timeout' ? { retryAfterMs: 60_000 } : {};
  return {
    outcome: mayHaveArrived ? 'unknown' : 'not_accepted',
    handling: fault === 'tls' || fault === 'dns' ? 'config' : 'retry',
    ...slow,
    code: found.code,
    detail: mayHaveArrived
      ? `The request was sent, but ${FAULT_WORDS[fault]} before an answer came.`
      : `Not delivered: ${FAULT_WORDS[fault]}.`,
    attempt: attemptOf(wire, fault),
    endpoint: 'keep',
  };
}

/** The result for an address that webhooks may not reach. */
export function addressRefused(detail: string, begunAt: number): WebhookResult {
  return {
    outcome: 'refused',
    handling: 'config',
    code: 'ADDRESS_REFUSED',
    detail: `Not delivered: ${detail}`,
    attempt: attemptOf({ remoteAddress: null, begunAt }, 'address_refused'),
    endpoint: 'switch_off',
  };
}

function attemptOf(wire: Pick<Wire, 'remoteAddress' | 'begunAt'>, fault: WebhookFault | null): WebhookAttempt {
  return {
    status: null,
    fault,
    durationMs: Math.round(performance.now() - wire.begunAt),
    remoteAddress: wire.remoteAddress,
    responseHeaders: {},
    responseBody: new Uint8Array(),
    bodyComplete: false,
  };
}

function cutHeaders(headers: Record<string, string>): Record<string, string> {
  let room = MOST_HEADER_BYTES;
  const kept = Object.entries(headers).filter(([name, value]) => {
    room -= name.length + value.length;
    return room >= 0;
  });
  return Object.fromEntries(kept);
}
