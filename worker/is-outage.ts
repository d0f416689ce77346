/** gRPC: deadline exceeded, resource exhausted, unavailable. */
const GRPC = new Set([4, 8, 14]);
/** Sockets, and Postgres that cannot be reached, is starting, is stopping or has no place left. */
const CODES =
  /^(?:E(?:CONN(?:REFUSED|RESET)|TIMEDOUT|PIPE|HOSTUNREACH|NETUNREACH|AI_AGAIN|NOTFOUND)|08\w{3}|57P0[123]|53300)$/;
const MESSAGES = /^(?:Connection terminated|timeout exceeded when trying to connect)/;

/**
 * Whether an error, or one that caused it, says that Temporal or a database is away or overloaded: then nothing is wrong
 * with what was being done, and the same succeeds later.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code: unknown = 'code' in error ? error.code : undefined;
  if (typeof code === 'number' && GRPC.has(code)) return true;
  if (typeof code === 'string' && CODES.test(code)) return true;
  return MESSAGES.test(error.message) || isOutage(error.cause);
}
