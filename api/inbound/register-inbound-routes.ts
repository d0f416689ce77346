import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { answerFault, sizeInWords } from '../answer-fault.ts';
import type { ReceiveDependencies, Reception } from '../../services/inbound/receive-inbound.ts';
import { receiveInbound } from '../../services/inbound/receive-inbound.ts';
import { refuseInbound } from '../../services/inbound/refuse-inbound.ts';
import { receivePlatformStripe } from '../../services/inbound/receive-platform-stripe.ts';

export interface InboundRoutesOptions extends ReceiveDependencies {
  /** Secrets of the platform's own Stripe endpoint for connected accounts; without them there is no such route. */
  readonly platformStripeSecrets?: readonly string[] | undefined;
}

/** Larger than any event a provider sends, small enough to keep. */
const LARGEST_EVENT = 256 * 1024;
const tokenParams = z.object({ token: z.string().max(100) });

/**
 * Where other programs tell us things:
 *
 * - `POST /hooks/:token`: an organization's own address, of any kind;
 * - `POST /integrations/stripe/webhook/:token`: the same, in the words of Stripe's settings;
 * - `POST /integrations/stripe/webhook`: the platform's one address for all connected accounts.
 *
 * Bodies stay bytes, because signatures are over them; a scope of its own keeps the JSON parser of the others away.
 * Whatever is refused is kept with the reason; of what is too large only that it came.
 */
export async function registerInboundRoutes(app: FastifyInstance, options: InboundRoutesOptions): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: LARGEST_EVENT }, (_request, body, done) => {
      done(null, body);
    });
    scope.setErrorHandler<Error & { statusCode?: number }>(async (error, request, reply) => {
      if (error.statusCode !== 413) return answerFault(error, request, reply);
      const detail = `${TOO_LARGE}${sizeInWords(request)}`;
      return refuse(request, reply, { status: 413, code: 'too_large', detail });
    });
    const refuse = async (
      request: FastifyRequest,
      reply: FastifyReply,
      { status, code, detail }: { status: number; code: string; detail: string },
    ): Promise<FastifyReply> => {
      const { headers } = request;
      const rawBody = Buffer.isBuffer(request.body) ? request.body : null;
      await refuseInbound(options, { token: tokenOf(request), headers, rawBody }, detail);
      return problem(reply, status, code, detail);
    };
    const receive = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      if (isCompressed(request)) return refuse(request, reply, COMPRESSED);
      const { headers } = request;
      const token = tokenOf(request) ?? '';
      return answer(reply, await receiveInbound(options, { token, headers, rawBody: bodyOf(request) }));
    };
    scope.post('/hooks/:token', receive);
    scope.post('/integrations/stripe/webhook/:token', receive);
    const { platformStripeSecrets = [] } = options;
    if (platformStripeSecrets.length === 0) return;
    scope.post('/integrations/stripe/webhook', async (request, reply) => {
      if (isCompressed(request)) return refuse(request, reply, COMPRESSED);
      const { headers } = request;
      return answer(
        reply,
        await receivePlatformStripe(options, platformStripeSecrets, { headers, rawBody: bodyOf(request) }),
      );
    });
  });
}

const TOO_LARGE =
  'A body may have 256 KB, and this one is larger: it was not kept, only that it came. Send less at once.';

/** Null: the platform's own address. */
function tokenOf(request: FastifyRequest): string | null {
  const parsed = tokenParams.safeParse(request.params);
  return parsed.success ? parsed.data.token : null;
}

function bodyOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

/** The bytes that were signed are the ones before compression; nobody who signs compresses. */
const COMPRESSED = {
  status: 415,
  code: 'encoding_refused',
  detail: 'Send the body without compression (no Content-Encoding).',
} as const;

function isCompressed({ headers }: FastifyRequest): boolean {
  const encoding = headers['content-encoding'];
  return encoding !== undefined && encoding !== 'identity';
}

const STATUS = { unknown_address: 404, not_verified: 401, not_json: 400 } as const;

function answer(reply: FastifyReply, reception: Reception): FastifyReply {
  if (reception.ok) return reply.code(200).send({ received: true, duplicate: !reception.isNew });
  return problem(reply, STATUS[reception.code], reception.code, reception.message);
}

/** RFC 9457. */
function problem(reply: FastifyReply, status: number, code: string, detail: string): FastifyReply {
  return reply
    .code(status)
    .type('application/problem+json')
    .send({ status, code, title: 'The event was not taken', detail });
}
