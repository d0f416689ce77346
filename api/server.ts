import { randomBytes, randomUUID } from 'node:crypto';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { z } from 'zod';
import { answerFault } from './answer-fault.ts';
import { couplePage, noticePage, statusPage, type PageLinks } from './status-page/pages.ts';
import type { StatusReader } from './status-page/read.ts';

/** One thing that must work before this process can serve; rejects with a sentence that says what is wrong. */
export type ReadinessCheck = () => Promise<void>;

export interface ApiOptions {
  readonly version: string;
  readonly readiness: Readonly<Record<string, ReadinessCheck>>;
  /**
   * What the status page reads. It shows every organization without signing in, so it is given in development only;
   * without it `/` says so.
   */
  readonly status?: StatusReader | undefined;
  readonly links: PageLinks;
  /** Addresses and networks of proxies that say truly for whom they ask (X-Forwarded-For). */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Told what failed here; absent: nobody is. */
  readonly log?: FastifyBaseLogger | undefined;
}

/** How long one readiness check may take before it counts as failed. */
const CHECK_TIMEOUT_MS = 2000;

/**
 * The HTTP server: `/healthz` (the process answers), `/readyz` (Postgres, Temporal and the migrations are there),
 * `/version`, and the status page at `/`. Every answer names its request, and what fails stands in the log under that
 * name. Not listening yet.
 */
export function createApi(options: ApiOptions): FastifyInstance {
  const app: FastifyInstance = fastify({
    ...(options.log === undefined ? {} : { loggerInstance: options.log }),
    // Lines for each request would hold addresses, in which secrets stand.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => randomUUID(),
    bodyLimit: 1024 * 1024,
    forceCloseConnections: true,
    trustProxy: options.trustedProxies === undefined ? false : [...options.trustedProxies],
  });

  app.setErrorHandler(answerFault);
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
  });

  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/version', () => ({ version: options.version }));
  app.get('/readyz', async (_request, reply) => {
    const checks = await Promise.all(
      Object.entries(options.readiness).map(async ([name, check]) => [name, await outcomeOf(check)] as const),
    );
    const ready = checks.every(([, outcome]) => outcome === 'ok');
    return reply
      .code(ready ? 200 : 503)
      .send({ status: ready ? 'ready' : 'not_ready', checks: Object.fromEntries(checks) });
  });

  registerStatusPages(app, options);
  return app;
}

async function outcomeOf(check: ReadinessCheck): Promise<string> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`no answer within ${CHECK_TIMEOUT_MS / 1000} s`)),
    CHECK_TIMEOUT_MS,
  );
  try {
    await Promise.race([check(), late.promise]);
    return 'ok';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}

const organizationQuery = z.object({ organization: z.uuid().optional() });
const coupleParams = z.object({ clientId: z.uuid() });

function registerStatusPages(app: FastifyInstance, { status, links }: ApiOptions): void {
  const organizationIdOf = async (reader: StatusReader, request: FastifyRequest): Promise<string | undefined> => {
    const query = organizationQuery.safeParse(request.query);
    return (query.success ? query.data.organization : undefined) ?? (await reader.organizations())[0]?.id;
  };

  app.get('/', async (request, reply) => {
    if (!status) return page(reply, 404, (nonce) => noticePage('WedSync Journeys', NO_STATUS_PAGE, links, nonce));
    const organizationId = await organizationIdOf(status, request);
    const view = organizationId === undefined ? null : await status.overview(organizationId);
    if (!view) return page(reply, 200, (nonce) => noticePage('WedSync Journeys', NO_ORGANIZATION, links, nonce));
    return page(reply, 200, (nonce) => statusPage(view, links, nonce));
  });

  app.get('/couples/:clientId', async (request, reply) => {
    const params = coupleParams.safeParse(request.params);
    const organizationId = status ? await organizationIdOf(status, request) : undefined;
    const view =
      status && organizationId !== undefined && params.success
        ? await status.couple(organizationId, params.data.clientId)
        : null;
    if (!view) return page(reply, 404, (nonce) => noticePage('Not found', NO_COUPLE, links, nonce));
    return page(reply, 200, (nonce) => couplePage(view, links, nonce));
  });
}

const NO_STATUS_PAGE = 'The status page shows every couple without signing in, so only `npm run dev` serves it.';
const NO_ORGANIZATION = 'There is no organization yet. Insert one into app.organizations, or start without --no-demo.';
const NO_COUPLE = 'There is no such couple in this organization.';

function page(reply: FastifyReply, code: number, render: (nonce: string) => string): FastifyReply {
  const nonce = randomBytes(16).toString('base64');
  return reply
    .code(code)
    .header('content-type', 'text/html; charset=utf-8')
    .header(
      'content-security-policy',
      `default-src 'none'; connect-src 'self'; img-src data:; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
    )
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .header('cache-control', 'no-store')
    .send(render(nonce));
}
