import fastify, { type FastifyInstance } from 'fastify';
import { z } from 'zod';

import { endRefusedReport, refusedReports, type KeptReport } from '../../db/provider-events.ts';
import { askAsTenant, withTenant } from '../../db/tenant.ts';
import { registerReceiptRoutes, type ReceiptRoutesOptions } from './register-receipt-routes.ts';

/** What became of refused reports that came once more. */
export interface ReplayedReports {
  readonly taken: number;
  /** Refused again; their rows say why. */
  readonly refused: number;
  /** Left as they are, by provider: nothing is set up here by which they could be judged. */
  readonly passedOver: Readonly<Record<string, number>>;
}

/**
 * Lets refused requests of message providers come once more, by the settings and the readers as they are now and by the
 * time at which they came: a key that was wrong, or a report that could not be read, costs nothing. What was taken
 * before is not taken twice.
 */
export async function replayReports(
  options: Omit<ReceiptRoutesOptions, 'now' | 'isReplay'>,
  organizationId: string,
  choice: { readonly eventId: string | null; readonly since: Date | null },
): Promise<ReplayedReports> {
  const { database } = options;
  const tenant = { organizationId, actor: 'admin:replay' };
  const kept = await askAsTenant(database, tenant, (trx) => refusedReports(trx, choice));
  let [taken, refused, receivedAt] = [0, 0, new Date()];
  const passedOver: Record<string, number> = {};
  const app = fastify();
  await registerReceiptRoutes(app, { ...options, now: () => receivedAt, isReplay: true });
  try {
    for (const report of kept) {
      receivedAt = report.receivedAt;
      const problem = await comeAgain(app, options, report);
      if (problem === NO_ROUTE) {
        passedOver[report.provider] = (passedOver[report.provider] ?? 0) + 1;
        continue;
      }
      await withTenant(database, tenant, (trx) => endRefusedReport(trx, report.id, problem));
      if (problem === null) taken += 1;
      else refused += 1;
    }
  } finally {
    await app.close();
  }
  return { taken, refused, passedOver };
}

/** Why it is refused again; null: it was taken. */
async function comeAgain(
  app: FastifyInstance,
  options: Pick<ReceiptRoutesOptions, 'providers'>,
  { provider, rawBody, headers, verified }: KeptReport,
): Promise<string | null | typeof NO_ROUTE> {
  const { ':path': url = '/', ...rest } = headers;
  const word = verified ? passwordOf(options, provider) : null;
  const answer = await app.inject({
    method: 'POST',
    url,
    headers: { ...rest, ...(word === null ? {} : { authorization: word }) },
    payload: rawBody,
  });
  if (answer.statusCode === 200) return null;
  if (answer.statusCode === 404) return NO_ROUTE;
  const told = problemSchema.safeParse(
    answer.headers['content-type']?.toString().includes('json') === true ? answer.json() : null,
  );
  return told.success ? told.data.detail : `It was answered with ${answer.statusCode}.`;
}

/** Its provider is not set up. */
const NO_ROUTE = Symbol('no route');

const problemSchema = z.object({ detail: z.string() });

/** Passwords are not kept with what came; who showed the right one then is believed now. */
function passwordOf({ providers }: Pick<ReceiptRoutesOptions, 'providers'>, provider: string): string | null {
  const known = provider === 'postmark' ? providers.postmark : provider === 'mail' ? providers.mail : undefined;
  return known === undefined ? null : `Basic ${Buffer.from(`${known.user}:${known.password}`).toString('base64')}`;
}
