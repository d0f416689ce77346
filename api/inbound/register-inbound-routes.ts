import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import type { ReceiveDependencies, Reception } from '../../services/inbound/receive-inbound.ts';
import { receiveInbound } from '../../services/inbound/receive-inbound.ts';
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
 */
export async function registerInboundRoutes(app: FastifyInstance, options: InboundRoutesOptions): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: LARGEST_EVENT }, (_request, body, done) => {
      done(null, body);
    });
    const receive = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const { token } = tokenParams.parse(request.params);
      const refused = refuseEncoding(request, reply);
      if (refused !== null) return refused;
      const { headers } = request;
      return answer(reply, await receiveInbound(options, { token, headers, rawBody: bodyOf(request) }));
    };
    scope.post('/hooks/:token', receive);
    scope.post('/integrations/stripe/webhook/:token', receive);
    const { platformStripeSecrets = [] } = options;
    if (platformStripeSecrets.length === 0) return;
    scope.post('/integrations/stripe/webhook', async (request, reply) => {
      const refused = refuseEncoding(request, reply);
      if (refused !== null) return refused;
      const { headers } = request;
      return answer(
        reply,
        await receivePlatformStripe(options, platformStripeSecrets, { headers, rawBody: bodyOf(request) }),
      );
    });
  });
}

function bodyOf(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

/** The bytes that were signed are the ones before compression; nobody who signs compresses. */
function refuseEncoding(request: FastifyRequest, reply: FastifyReply): FastifyReply | null {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return null;
  return problem(reply, 415, 'encoding_refused', 'Send the body without compression (no Content-Encoding).');
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
