import { randomBytes } from 'node:crypto';

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import type { Database } from '../../db/database.ts';
import { findFormLink, noteFormOpened, type FormLink } from '../../db/forms.ts';
import { withTenant } from '../../db/tenant.ts';
import { withoutTenant } from '../../db/without-tenant.ts';
import { answerForm, viewForm } from '../../services/forms/answer-form.ts';
import { noteFault } from '../answer-fault.ts';
import { formNotice, formPage, sentPage } from './form-page.ts';
import { createRateLimit } from './rate-limit.ts';

export interface FormRoutesOptions {
  /** Opened as app_api. */
  readonly database: Database;
  readonly now: () => Date;
}

/** All answers of the longest form; larger bodies are no forms. */
const LARGEST_POST = 256 * 1024;
/** A person who saves at every field stays below; a machine does not. */
const POSTS_PER_MINUTE = { link: 30, address: 120 };
const params = z.object({ token: z.string().regex(/^[0-9a-f]{64}$/) });

/** `GET /f/:token` and `POST /f/:token`: a couple's personal page for one form. */
export async function registerFormRoutes(app: FastifyInstance, { database, now }: FormRoutesOptions): Promise<void> {
  const perLink = createRateLimit(POSTS_PER_MINUTE.link);
  const perAddress = createRateLimit(POSTS_PER_MINUTE.address);

  const linkOf = async (request: FastifyRequest): Promise<FormLink | null> => {
    const parsed = params.safeParse(request.params);
    return parsed.success ? withoutTenant(database, (trx) => findFormLink(trx, parsed.data.token)) : null;
  };
  const tenantOf = (link: FormLink, request: FastifyRequest) => ({
    organizationId: link.organizationId,
    actor: `couple:${link.clientId}`,
    requestId: request.id,
  });

  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    const parser = { parseAs: 'buffer', bodyLimit: LARGEST_POST } as const;
    scope.addContentTypeParser('application/x-www-form-urlencoded', parser, (_request, body, done) => done(null, body));
    scope.setErrorHandler((error, request, reply) => {
      const { status } = noteFault(error, request);
      const [title, text] = FAULTS[status] ?? [
        'Something went wrong',
        'Nothing was changed. Please try again in a moment.',
      ];
      return send(reply, status, (nonce) => formNotice(title, text, nonce));
    });

    scope.get('/f/:token', async (request, reply) => {
      const link = await linkOf(request);
      const view =
        link === null
          ? null
          : await withTenant(database, tenantOf(link, request), async (trx) => {
              await noteFormOpened(trx, link.id);
              return viewForm(trx, link);
            });
      if (view === null) return send(reply, 404, (nonce) => formNotice(...GONE, nonce));
      if (view.submittedAt !== null) return send(reply, 200, (nonce) => sentPage(view, nonce));
      const isSaved = new URLSearchParams(request.url.split('?')[1]).has('saved');
      return send(reply, 200, (nonce) => formPage(view, nonce, { isSaved }));
    });

    scope.post('/f/:token', async (request, reply) => {
      const wait = perAddress.take(request.ip, now().getTime());
      if (wait !== null) return tooMany(reply, wait);
      const link = await linkOf(request);
      if (link === null) return send(reply, 404, (nonce) => formNotice(...GONE, nonce));
      const waitHere = perLink.take(link.id, now().getTime());
      if (waitHere !== null) return tooMany(reply, waitHere);

      const typed = textsOf(request.body);
      const isFinal = typed.get('_action')?.[0] !== 'save';
      const evidence = { at: now(), address: request.ip, browser: request.headers['user-agent'] ?? '' };
      const outcome = await withTenant(database, tenantOf(link, request), (trx) =>
        answerForm(trx, link, typed, isFinal, evidence),
      );
      const here = `/f/${params.parse(request.params).token}`;
      switch (outcome.kind) {
        case 'submitted':
        case 'already_submitted':
          // See Other: reloading the page that follows sends nothing again.
          return reply.redirect(here, 303);
        case 'saved':
          return reply.redirect(`${here}?saved`, 303);
        case 'problems':
          return send(reply, 422, (nonce) => formPage(outcome.view, nonce, { problems: outcome.problems, typed }));
        case 'not_taken':
          return send(reply, 503, (nonce) => formNotice(...notTaken(outcome.view.organizationName), nonce));
        case 'closed':
          return send(reply, 404, (nonce) => formNotice(...GONE, nonce));
        default:
          throw new Error(`Unknown outcome ${JSON.stringify(outcome satisfies never)}`);
      }
    });
  });
}

const GONE = ['This link is not good any more', 'Please ask whoever sent it for a new one.'] as const;
const notTaken = (organization: string): [string, string] => [
  'Your answers are saved, but not sent yet',
  `${organization} cannot take them at the moment. Please let them know; then open your link again and send.`,
];
const FAULTS: Readonly<Record<number, readonly [string, string]>> = {
  413: [
    'This is too much',
    'All answers together may have 256 KB. Nothing was changed: shorten the longest one and send again.',
  ],
  415: ['This was not sent as a form', 'Please open the link in a browser and fill in the form there.'],
};

function tooMany(reply: FastifyReply, seconds: number): FastifyReply {
  const text = `Nothing was lost. Please wait ${seconds} seconds and send again.`;
  return send(reply.header('retry-after', seconds), 429, (nonce) => formNotice('That was a little fast', text, nonce));
}

/** The fields of the body, each with its values in the order they came. */
function textsOf(body: unknown): Map<string, string[]> {
  const texts = new Map<string, string[]>();
  const fields = new URLSearchParams(Buffer.isBuffer(body) ? body.toString('utf8') : '');
  for (const [name, value] of fields) {
    const known = texts.get(name);
    if (known === undefined) texts.set(name, [value]);
    else if (known.length < 200) known.push(value);
  }
  return texts;
}

function send(reply: FastifyReply, status: number, render: (nonce: string) => string): FastifyReply {
  const nonce = randomBytes(16).toString('base64');
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`;
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .headers({
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex',
    })
    .send(render(nonce));
}
