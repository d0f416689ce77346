import { randomUUID } from 'node:crypto';

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { readMail } from '../../channels/receipts/read-mail.ts';
import { readMailgun } from '../../channels/receipts/read-mailgun.ts';
import { readPostmark } from '../../channels/receipts/read-postmark.ts';
import { readSendGrid } from '../../channels/receipts/read-sendgrid.ts';
import { readSes } from '../../channels/receipts/read-ses.ts';
import { answerByTwilio } from '../../channels/receipts/answer-by-twilio.ts';
import { readTwilio } from '../../channels/receipts/read-twilio.ts';
import type { ProviderReport, ReceiptProvider } from '../../channels/receipts/receipt.ts';
import type { Verdict } from '../../channels/receipts/verdict.ts';
import { verifyBasic } from '../../channels/receipts/verify-basic.ts';
import { verifyMailgun } from '../../channels/receipts/verify-mailgun.ts';
import { verifySendGrid } from '../../channels/receipts/verify-sendgrid.ts';
import { verifySns } from '../../channels/receipts/verify-sns.ts';
import { verifyTwilio } from '../../channels/receipts/verify-twilio.ts';
import type { Database } from '../../db/database.ts';
import { keepRefusedReport } from '../../db/provider-events.ts';
import { withTenant } from '../../db/tenant.ts';
import type { OwnTwilio } from '../../services/channels/open-sender.ts';
import { takeReport } from '../../services/receipts/take-report.ts';
import { answerFault, sizeInWords } from '../answer-fault.ts';

/** How each provider proves itself; one that is left out has no route. */
export interface ReceiptProviders {
  /** The account's token; during a change the new one too. */
  readonly twilio?: { readonly authTokens: readonly string[] } | undefined;
  readonly ses?: { readonly topics: readonly string[] } | undefined;
  /** The key that SendGrid shows in its settings. */
  readonly sendgrid?: { readonly publicKey: string } | undefined;
  readonly mailgun?: { readonly signingKey: string } | undefined;
  /** What the provider is told to send along. */
  readonly postmark?: BasicAuth | undefined;
  /** For whatever hands over the mails that come back to us. */
  readonly mail?: BasicAuth | undefined;
}

interface BasicAuth {
  readonly user: string;
  readonly password: string;
}

export interface ReceiptRoutesOptions {
  /** Opened as app_api. */
  readonly database: Database;
  readonly now: () => Date;
  /** Our own address as providers call it; Twilio's signature is over it. */
  readonly publicUrl: string;
  readonly providers: ReceiptProviders;
  /** What the organization has of its own at Twilio: tokens that sign its callbacks, an answer to HELP. */
  readonly ownTwilio?: ((organizationId: string) => Promise<OwnTwilio>) | undefined;
  /** Keys of the addresses that bounces come back to. */
  readonly bounceKeys?: readonly Buffer[] | undefined;
  /** Gets a certificate or confirms a subscription at Amazon; the address has been checked. */
  readonly fetchText: (url: string) => Promise<string>;
  /** What was kept before is tried again: it is not kept once more. */
  readonly isReplay?: boolean | undefined;
}

/** What a request brings, and how it was judged. */
interface Examined {
  readonly verdict: Verdict;
  readonly report: () => ProviderReport | Promise<ProviderReport>;
  readonly onceOnly?: string | undefined;
  /** Of Twilio: whom it answers in our name, and with what. */
  readonly twiml?: ((report: Extract<ProviderReport, { ok: true }>) => string) | undefined;
}

const LARGEST_BODY = 1024 * 1024;
const params = z.object({ organizationId: z.uuid() });

/**
 * Where providers tell what became of messages, and people's replies come in: `POST /receipts/<provider>/<organization>`.
 * Each answers 2xx only for what was kept and applied; 401 without a valid signature; 500 asks to be told again. What is
 * refused is kept with the reason, and can be replayed (replay-reports.ts).
 */
export async function registerReceiptRoutes(app: FastifyInstance, options: ReceiptRoutesOptions): Promise<void> {
  await app.register(async (scope) => {
    // Signatures are over the bytes, so nothing may parse the body first.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: LARGEST_BODY }, (_request, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler<Error & { statusCode?: number }>(async (error, request, reply) => {
      if (error.statusCode !== 413) return answerFault(error, request, reply);
      const provider = request.url.split('/')[2] ?? '';
      return refuse(options, provider, request, reply, {
        status: 413,
        verified: false,
        detail: `${TOO_LARGE}${sizeInWords(request)}`,
      });
    });
    for (const [provider, examine] of Object.entries(examiners(options)) as [ReceiptProvider, Examiner][]) {
      scope.post(`/receipts/${provider}/:organizationId`, (request, reply) =>
        take(options, provider, examine, request, reply),
      );
    }
  });
}

const TOO_LARGE = 'A report may have 1 MB, and this one is larger: it was not kept, only that it came.';

/** For checking a signature again; nothing that lets anybody in, such as a password. */
const KEPT_HEADERS = [
  'content-type',
  'content-length',
  'user-agent',
  'x-twilio-signature',
  'x-twilio-email-event-webhook-signature',
  'x-twilio-email-event-webhook-timestamp',
];

/** Keeps what is refused with the reason. The sender is not told why it is not believed. */
async function refuse(
  { database, isReplay }: ReceiptRoutesOptions,
  provider: string,
  request: FastifyRequest,
  reply: FastifyReply,
  { status, verified, detail, told = detail }: { status: number; verified: boolean; detail: string; told?: string },
): Promise<FastifyReply> {
  const parsed = params.safeParse(request.params);
  if (isReplay === true) return problem(reply, status, detail);
  if (parsed.success) {
    const { organizationId } = parsed.data;
    const headers = Object.fromEntries([
      [':path', request.url],
      ...KEPT_HEADERS.flatMap((name) => {
        const value = header(request, name);
        return value === undefined ? [] : [[name, value.slice(0, 2_000)]];
      }),
    ]) as Record<string, string>;
    const rawBody = Buffer.isBuffer(request.body) ? request.body : null;
    const externalId = `refused:${randomUUID()}`;
    await withTenant(database, { organizationId, actor: `provider:${provider}` }, (trx) =>
      keepRefusedReport(trx, { provider, externalId, rawBody, headers, verified, problem: detail }),
    );
  }
  return problem(reply, status, told);
}

async function take(
  options: ReceiptRoutesOptions,
  provider: ReceiptProvider,
  examine: Examiner,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { database, now, fetchText } = options;
  const parsed = params.safeParse(request.params);
  if (!parsed.success) return problem(reply, 404, 'There is no such address.');
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const { verdict, report, onceOnly, twiml } = await examine(request, body);
  if (!verdict.ok) {
    const told = 'The request is not verified.';
    return refuse(options, provider, request, reply, { status: 401, verified: false, detail: verdict.reason, told });
  }
  const read = await report();
  if (!read.ok) {
    return refuse(options, provider, request, reply, { status: 400, verified: true, detail: read.problem });
  }
  if (read.confirmUrl !== undefined) await fetchText(read.confirmUrl);
  const { organizationId } = parsed.data;
  await takeReport(
    database,
    {
      organizationId,
      provider,
      body: body.toString('utf8'),
      report: read,
      ...(onceOnly === undefined ? {} : { onceOnly }),
    },
    now(),
  );
  if (twiml !== undefined) return reply.type('text/xml').send(twiml(read));
  return reply.code(200).send({ received: true });
}

type Examiner = (request: FastifyRequest, body: Buffer) => Examined | Promise<Examined>;

function examiners({
  providers,
  now,
  publicUrl,
  fetchText,
  ownTwilio,
  bounceKeys,
}: ReceiptRoutesOptions): Partial<Record<ReceiptProvider, Examiner>> {
  const { twilio, ses, sendgrid, mailgun, postmark, mail } = providers;
  return {
    ...(twilio === undefined && ownTwilio === undefined
      ? {}
      : {
          twilio: async (request, body) => {
            const organization = params.safeParse(request.params);
            const own = organization.success ? await ownTwilio?.(organization.data.organizationId) : undefined;
            const tokens = [...(twilio?.authTokens ?? []), ...(own?.authTokens ?? [])];
            const form = Object.fromEntries(new URLSearchParams(body.toString('utf8')));
            const url = `${publicUrl.replace(/\/$/, '')}${request.url}`;
            const query = Object.fromEntries(new URL(url).searchParams);
            return {
              verdict: verifyTwilio(header(request, 'x-twilio-signature'), url, form, tokens),
              report: () => readTwilio(form, query, now()),
              // The same fields may be meant for two messages; what tells them apart is in the address.
              onceOnly:
                query['c'] === undefined
                  ? undefined
                  : `${query['c']}:${form['MessageSid']}:${form['MessageStatus']}:${form['ErrorCode'] ?? ''}`,
              twiml: ({ replies }) => answerByTwilio(replies, form['OptOutType'], own),
            };
          },
        }),
    ...(ses === undefined
      ? {}
      : {
          ses: async (_request, body) => ({
            verdict: await verifySns(body.toString('utf8'), ses.topics, fetchText, now()),
            report: () => readSes(body.toString('utf8')),
          }),
        }),
    ...(sendgrid === undefined
      ? {}
      : {
          sendgrid: (request, body) => ({
            verdict: verifySendGrid(
              {
                signature: header(request, 'x-twilio-email-event-webhook-signature'),
                timestamp: header(request, 'x-twilio-email-event-webhook-timestamp'),
              },
              body,
              sendgrid.publicKey,
              now(),
            ),
            report: () => readSendGrid(body.toString('utf8')),
          }),
        }),
    ...(mailgun === undefined
      ? {}
      : {
          mailgun: (_request, body) => {
            const text = body.toString('utf8');
            const verdict = verifyMailgun(text, mailgun.signingKey, now());
            return { verdict, report: () => readMailgun(text), onceOnly: verdict.token };
          },
        }),
    ...(postmark === undefined
      ? {}
      : {
          postmark: (request, body) => ({
            verdict: basic(request, postmark),
            report: () => readPostmark(body.toString('utf8')),
          }),
        }),
    ...(mail === undefined
      ? {}
      : {
          mail: (request, body) => ({ verdict: basic(request, mail), report: () => readMail(body, now(), bounceKeys) }),
        }),
  };
}

function basic(request: FastifyRequest, { user, password }: BasicAuth): Verdict {
  return verifyBasic(header(request, 'authorization'), user, password);
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** RFC 9457. */
function problem(reply: FastifyReply, status: number, detail: string): FastifyReply {
  return reply
    .code(status)
    .type('application/problem+json')
    .send({ status, title: 'The report was not taken', detail });
}
