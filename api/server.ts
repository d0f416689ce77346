import { randomUUID } from 'node:crypto';
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { answerFault } from './answer-fault.ts';
import type { PageLinks } from './status-page/layout.ts';
import type { StatusReader } from './status-page/read.ts';
import { registerStatusPages } from './status-page/register-status-pages.ts';

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

  registerStatusPages(app, options.status, options.links);
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
