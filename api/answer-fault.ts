import type { FastifyReply, FastifyRequest } from 'fastify';

import { databaseProblem } from '../db/database-problem.ts';

/** A request that could not be answered as it was asked, in words for whoever asked. */
export interface Fault {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

/** What fastify itself refuses before a route has seen it. */
const REFUSED: Readonly<Record<number, Omit<Fault, 'status'>>> = {
  413: { code: 'too_large', detail: 'The body is larger than this address takes. Nothing was changed.' },
  415: { code: 'unknown_media_type', detail: 'This address does not take a body of that content type.' },
};
const BAD_REQUEST = { code: 'bad_request', detail: 'The request cannot be read: its body or its headers are broken.' };
const INTERNAL = {
  code: 'internal',
  detail: 'Something went wrong here, not with your request. Try again later; tell us the request id if it stays so.',
};
const UNAVAILABLE = { code: 'unavailable', detail: 'This is not available at the moment. Try again shortly.' };

/**
 * What became of a request that threw. Our own faults get a line in the log: with the request's id and the pattern of
 * its route, never its address, in which secrets and ids of people stand.
 */
export function noteFault(error: unknown, request: FastifyRequest): Fault {
  const status = statusOf(error);
  if (status < 500) return { status, ...(REFUSED[status] ?? BAD_REQUEST) };
  const fault = { status, ...(status === 503 ? UNAVAILABLE : INTERNAL) };
  const { method, routeOptions } = request;
  request.log.error({ err: error, method, route: routeOptions.url, code: fault.code }, 'a request failed');
  return fault;
}

/** Answers a request that threw (RFC 9457). */
export function answerFault(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const fault = noteFault(error, request);
  if (fault.status === 503) void reply.header('retry-after', RETRY_AFTER_SECONDS);
  return reply
    .code(fault.status)
    .type('application/problem+json')
    .send({ ...fault, title: 'The request was not carried out', requestId: request.id });
}

/** How large a body was said to be that is not taken; empty where nothing was said. */
export function sizeInWords({ headers }: FastifyRequest): string {
  const bytes = headers['content-length'];
  return bytes === undefined ? '' : ` This one has ${bytes} bytes.`;
}

const RETRY_AFTER_SECONDS = 5;
/** Sockets to a database that is not there. */
const AWAY = /^E(?:CONN(?:REFUSED|RESET)|TIMEDOUT|PIPE|HOSTUNREACH|AI_AGAIN|NOTFOUND)$/;

function statusOf(error: unknown): number {
  if (!(error instanceof Error)) return 500;
  if ('statusCode' in error && typeof error.statusCode === 'number' && error.statusCode >= 400) return error.statusCode;
  if (databaseProblem(error)?.retry === true) return 503;
  const isAway = 'code' in error && typeof error.code === 'string' && AWAY.test(error.code);
  return isAway || /^(?:Connection terminated|timeout exceeded when trying to connect)/.test(error.message) ? 503 : 500;
}
