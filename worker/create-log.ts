import { pino, type DestinationStream, type Logger } from 'pino';

import { maskContacts } from '../channels/redact.ts';

/**
 * The log of a process: one JSON object a line. An error may quote what it was working on, such as the address that a
 * database or a mail server complains about: no address and no number of anybody gets into a line.
 *
 * @param level `debug`, `info`, `warn` or `error`
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    serializers: {
      err: (error: unknown) => masked(pino.stdSerializers.err(error as Error)),
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** The same value with every text in it masked. */
function masked(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return maskContacts(value);
  if (typeof value !== 'object' || value === null || depth > 6) return value;
  if (Array.isArray(value)) return value.map((item) => masked(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, depth + 1)]));
}
