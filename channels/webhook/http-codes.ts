import type { Handling, Outcome } from '../channel.ts';

/** One rule of the table; `x` in a pattern stands for any digit. The first row that matches counts. */
export type HttpCode = {
  status: string;
  outcome: Extract<Outcome, 'accepted' | 'refused' | 'not_accepted'>;
  handling?: Handling;
  /** The wait before the next attempt is not shorter than this. */
  retryAfterMs?: number;
  endpoint?: 'switch_off';
  meaning: string;
  source: string;
};

const SLOW_DOWN_MS = 60_000;
const STANDARD = 'Standard Webhooks 1.0.0';

/** What the status of a webhook's receiver means. */
export const HTTP_CODES: readonly HttpCode[] = [
  { status: '2xx', outcome: 'accepted', meaning: 'accepted', source: STANDARD },
  {
    status: '3xx',
    outcome: 'not_accepted',
    handling: 'config',
    meaning: 'the address has moved; redirects are never followed, so enter the new address',
    source: STANDARD,
  },
  {
    status: '410',
    outcome: 'refused',
    handling: 'permanent',
    endpoint: 'switch_off',
    meaning: 'the receiver wants nothing more',
    source: STANDARD,
  },
  {
    status: '413',
    outcome: 'refused',
    handling: 'permanent',
    meaning: 'the message is too large for the receiver',
    source: 'RFC 9110 15.5.14',
  },
  slowDown('408', 'the receiver waited too long for the request', 'RFC 9110 15.5.9'),
  slowDown('425', 'the receiver is not ready yet', 'RFC 8470 5.2'),
  slowDown('429', 'too many requests', 'RFC 6585 4'),
  slowDown('502', 'the receiver is not reachable behind its gateway', STANDARD),
  slowDown('503', 'the receiver is overloaded or in maintenance', 'RFC 9110 15.6.4'),
  slowDown('504', 'the receiver did not answer its gateway', STANDARD),
  settings('401', 'the receiver wants a login it was not given'),
  settings('403', 'the receiver forbids it'),
  settings('404', 'there is nothing at this address'),
  settings('405', 'the receiver takes no POST at this address'),
  { status: '4xx', outcome: 'not_accepted', handling: 'retry', meaning: 'the receiver refused it', source: STANDARD },
  { status: '5xx', outcome: 'not_accepted', handling: 'retry', meaning: 'the receiver failed', source: STANDARD },
];

const UNHEARD_OF: HttpCode = {
  status: 'xxx',
  outcome: 'not_accepted',
  handling: 'retry',
  meaning: 'HTTP knows no such status',
  source: 'RFC 9110 15',
};

/** The row for a status; statuses outside of 200 to 599 count as a failure worth another attempt. */
export function findHttpCode(status: number): HttpCode {
  const fits = (pattern: string): boolean => new RegExp(`^${pattern.replaceAll('x', '\\d')}$`).test(String(status));
  return HTTP_CODES.find((row) => fits(row.status)) ?? UNHEARD_OF;
}

function slowDown(status: string, meaning: string, source: string): HttpCode {
  return { status, outcome: 'not_accepted', handling: 'later', retryAfterMs: SLOW_DOWN_MS, meaning, source };
}

/** Retried on the ladder, since the receiver may be repairing it; a person should look. */
function settings(status: string, meaning: string): HttpCode {
  return { status, outcome: 'not_accepted', handling: 'config', meaning, source: 'RFC 9110 15.5' };
}
