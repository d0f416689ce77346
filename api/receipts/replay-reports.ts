import fastify from 'fastify';
import { z } from 'zod';

import { endRefusedReport, refusedReports, type KeptReport } from '../../db/provider-events.ts';
import { withTenant } from '../../db/tenant.ts';
import { registerReceiptRoutes, type ReceiptRoutesOptions } from './register-receipt-routes.ts';

/**
 * Lets refused requests of message providers come once more, by the settings and the readers as they are now and by the
 * time at which they came: a key that was wrong, or a report that could not be read, costs nothing. What was taken
 * before is not taken twice.
 *
 * @returns how many are taken now
 */
export async function replayReports(
  options: Omit<ReceiptRoutesOptions, 'now' | 'isReplay'>,
  organizationId: string,
  choice: { readonly eventId: string | null; readonly since: Date | null },
): Promise<number> {
  const { database } = options;
  const tenant = { organizationId, actor: 'admin:replay' };
  const kept = await withTenant(database, tenant, (trx) => refusedReports(trx, choice));
  let taken = 0;
  for (const report of kept) {
    const problem = await comeAgain(options, report);
    await withTenant(database, tenant, (trx) => endRefusedReport(trx, report.id, problem));
    if (problem === null) taken += 1;
  }
  return taken;
}

/** Null: it was taken. */
async function comeAgain(
  options: Omit<ReceiptRoutesOptions, 'now' | 'isReplay'>,
  { provider, rawBody, headers, verified, receivedAt }: KeptReport,
): Promise<string | null> {
  const app = fastify();
  await registerReceiptRoutes(app, { ...options, now: () => receivedAt, isReplay: true });
  const { ':path': url = '/', ...rest } = headers;
  const word = verified ? passwordOf(options, provider) : null;
  const answer = await app.inject({
    method: 'POST',
    url,
    headers: { ...rest, ...(word === null ? {} : { authorization: word }) },
    payload: rawBody,
  });
  await app.close();
  if (answer.statusCode === 200) return null;
  const told = problemSchema.safeParse(
    answer.headers['content-type']?.toString().includes('json') === true ? answer.json() : null,
  );
  return told.success ? told.data.detail : `It was answered with ${answer.statusCode}.`;
}

const problemSchema = z.object({ detail: z.string() });

/** Passwords are not kept with what came; who showed the right one then is believed now. */
function passwordOf({ providers }: Pick<ReceiptRoutesOptions, 'providers'>, provider: string): string | null {
  const known = provider === 'postmark' ? providers.postmark : provider === 'mail' ? providers.mail : undefined;
  return known === undefined ? null : `Basic ${Buffer.from(`${known.user}:${known.password}`).toString('base64')}`;
}
