import { pino, type DestinationStream, type Logger } from 'pino';

import { maskContacts } from '../channels/redact.ts';

/**
 * What may be told of an error beside its type, its message and its stack. All else stays out: a database's error
 * carries the refused row in `detail` and, when a connection is lost, the whole connection with what it was asked.
 */
const TOLD = new Set([
  'code',
  'errno',
  'syscall',
  'port',
  'severity',
  'schema',
  'table',
  'column',
  'constraint',
  'routine',
  'command',
  'response',
  'responseCode',
  'status',
  'statusCode',
]);

/**
 * The log of a process: one JSON object a line. An error may quote what it was working on, such as the address that a
 * database or a mail server complains about: no address and no number of anybody gets into a line.
 *
 * @param level `debug`, `info`, `warn` or `error`
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = { level, serializers: { err: tell } };
  return destination === undefined ? pino(options) : pino(options, destination);
}

function tell(error: unknown): unknown {
  if (!(error instanceof Error)) return typeof error === 'string' ? maskContacts(error) : error;
  // With the words of its causes.
  const { type, message, stack } = pino.stdSerializers.err(error);
  const mask = 'severity' in error ? maskQuoted : maskContacts;
  const details = Object.entries(error)
    .filter(([key, value]) => TOLD.has(key) && typeof value !== 'object')
    .map(([key, value]) => [key, typeof value === 'string' ? maskContacts(value) : value]);
  return {
    type,
    message: mask(message),
    stack: mask(stack),
    ...Object.fromEntries(details),
    ...(error instanceof AggregateError && { aggregateErrors: error.errors.map(tell) }),
  };
}

/** Postgres quotes a value that it cannot read at the end of its message. */
function maskQuoted(text: string): string {
  return maskContacts(text.replaceAll(/(: ").*(")/g, '$1...$2'));
}
