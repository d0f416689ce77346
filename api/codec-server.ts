import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

/** A payload as bytes, the same shape as Temporal's. */
export interface CodecPayload {
  readonly metadata?: Record<string, Uint8Array> | null;
  readonly data?: Uint8Array | null;
}

export interface CodecServerOptions {
  readonly codec: {
    readonly encode: (payloads: CodecPayload[]) => Promise<CodecPayload[]>;
    readonly decode: (payloads: CodecPayload[]) => Promise<CodecPayload[]>;
  };
  /** Origins of the Temporal Web UI: only its pages may read the answers in a browser. */
  readonly allowedOrigins: readonly string[];
  /** Who asks, from the `Authorization` header; null: nobody who may read payloads. */
  readonly authorize: (authorization: string | undefined) => Promise<{ readonly actor: string } | null>;
  /** Told about every request that was carried out: reading payloads is an access that is kept track of. */
  readonly onAccess: (access: {
    actor: string;
    namespace: string;
    operation: Operation;
    payloads: number;
  }) => Promise<void>;
}

type Operation = 'encode' | 'decode';

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, 'is not base64');
const bodySchema = z.object({
  payloads: z.array(z.object({ metadata: z.record(z.string(), base64).optional(), data: base64.optional() })).max(1000),
});

/**
 * Temporal's remote codec protocol under `/codec`: lets the Web UI and the `temporal` command show payloads that are
 * encrypted in Temporal. The keys stay here; the browser sends what it has to this address and gets clear text back.
 *
 * @see https://docs.temporal.io/codec-server
 */
export function registerCodecServer(app: FastifyInstance, options: CodecServerOptions): void {
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    if (!request.url.startsWith('/codec/') || origin === undefined || !options.allowedOrigins.includes(origin)) return;
    reply.header('access-control-allow-origin', origin);
    reply.header('access-control-allow-headers', 'authorization, content-type, x-namespace');
    reply.header('access-control-allow-methods', 'POST');
    reply.header('vary', 'origin');
  });
  app.options('/codec/*', (_request, reply) => reply.code(204).send());

  for (const operation of ['encode', 'decode'] as const) {
    app.post(`/codec/${operation}`, async (request, reply) => {
      const caller = await options.authorize(request.headers.authorization);
      if (!caller) return reply.code(401).send({ message: 'Payloads are shown to signed-in administrators only.' });
      const body = bodySchema.safeParse(request.body);
      if (!body.success) {
        const [issue] = body.error.issues;
        return reply
          .code(400)
          .send({ message: `${issue?.path.join('.') ?? 'body'}: ${issue?.message ?? 'is not usable'}` });
      }
      const payloads = await convert(() => options.codec[operation](body.data.payloads.map(fromJson)));
      if (typeof payloads === 'string') return reply.code(422).send({ message: payloads });
      await options.onAccess({
        actor: caller.actor,
        namespace: String(request.headers['x-namespace'] ?? ''),
        operation,
        payloads: payloads.length,
      });
      return { payloads: payloads.map(toJson) };
    });
  }
}

/** A payload of a key that is gone, or one that was tampered with, is the caller's to know, not a fault of ours. */
async function convert(work: () => Promise<CodecPayload[]>): Promise<CodecPayload[] | string> {
  try {
    return await work();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

type PayloadJson = z.infer<typeof bodySchema>['payloads'][number];

function fromJson({ metadata, data }: PayloadJson): CodecPayload {
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]),
    ),
    data: Buffer.from(data ?? '', 'base64'),
  };
}

function toJson({ metadata, data }: CodecPayload): PayloadJson {
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    ),
    data: Buffer.from(data ?? new Uint8Array()).toString('base64'),
  };
}
