import { createHmac, randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';

import { findContactLink, preferencesOf, type PersonPreferences } from '../../db/contact-links.ts';
import type { Database } from '../../db/database.ts';
import { withTenant, type Trx } from '../../db/tenant.ts';
import { withoutTenant } from '../../db/without-tenant.ts';
import { changePreferences, unsubscribe, type Ticked } from '../../services/preferences/change-preferences.ts';
import { gonePage, preferencePage, unsubscribePage } from './pages.ts';

export interface PreferenceRoutesOptions {
  /** Opened as app_api. */
  readonly database: Database;
}

const params = z.object({ token: z.string().regex(/^[0-9a-f]{64}$/) });
const LARGEST_FORM = 16 * 1024;

/**
 * A person's own pages, opened by the unguessable link in their messages; no login, no cookie, no JavaScript:
 *
 * - `/c/:token`: choose what is sent, per channel and purpose;
 * - `/u/:token`: POST stops advertising at once (RFC 8058), GET shows a button, because link scanners open links.
 */
export async function registerPreferenceRoutes(app: FastifyInstance, options: PreferenceRoutesOptions): Promise<void> {
  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // RFC 8058 allows multipart/form-data too; then what it says is in its only field.
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: LARGEST_FORM }, (_request, body, done) =>
      done(null, body),
    );
    scope.addHook('onSend', async (_request, reply) => {
      void reply
        .header('referrer-policy', 'no-referrer')
        .header('x-robots-tag', 'noindex')
        .header('cache-control', 'no-store');
    });

    scope.get('/c/:token', (request, reply) =>
      answer(
        options,
        request,
        reply,
        (trx, contactId) => preferencesOf(trx, contactId),
        (person, nonce) => preferencePage(person, false, nonce),
      ),
    );
    scope.post('/c/:token', (request, reply) =>
      answer(
        options,
        request,
        reply,
        (trx, contactId) =>
          changePreferences(trx, contactId, tickedIn(request), evidenceOf(request, 'preference page')),
        (person, nonce) => preferencePage(person, true, nonce),
      ),
    );
    scope.get('/u/:token', (request, reply) =>
      answer(
        options,
        request,
        reply,
        (trx, contactId) => preferencesOf(trx, contactId),
        (person, nonce, token) => unsubscribePage(person, false, token, nonce),
      ),
    );
    scope.post('/u/:token', async (request, reply) => {
      if (!/One-Click/.test(bodyOf(request))) {
        return reply.code(400).type('text/plain; charset=utf-8').send('Send List-Unsubscribe=One-Click.');
      }
      return answer(
        options,
        request,
        reply,
        (trx, contactId) => unsubscribe(trx, contactId, evidenceOf(request, 'one click')),
        (person, nonce, token) => unsubscribePage(person, true, token, nonce),
      );
    });
  });
}

async function answer(
  { database }: PreferenceRoutesOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  work: (trx: Trx, contactId: string) => Promise<PersonPreferences | null>,
  show: (person: PersonPreferences, nonce: string, token: string) => string,
): Promise<FastifyReply> {
  const nonce = randomBytes(16).toString('base64');
  const parsed = params.safeParse(request.params);
  const link = parsed.success ? await withoutTenant(database, (trx) => findContactLink(trx, parsed.data.token)) : null;
  const tenant = link === null ? null : { organizationId: link.organizationId, actor: 'couple' };
  const person =
    link === null || tenant === null ? null : await withTenant(database, tenant, (trx) => work(trx, link.contactId));
  void reply
    .type('text/html; charset=utf-8')
    .header(
      'content-security-policy',
      `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
    );
  if (person === null || !parsed.success) return reply.code(404).send(gonePage(languageOf(request), nonce));
  return reply.send(show(person, nonce, parsed.data.token));
}

function bodyOf(request: FastifyRequest): string {
  return typeof request.body === 'string' ? request.body : '';
}

function tickedIn(request: FastifyRequest): Ticked {
  const names = [...new URLSearchParams(bodyOf(request)).keys()];
  return new Set(
    names.filter((name) => /^(?:email|sms|whatsapp)\.(?:service|marketing)$/.test(name)),
  ) as unknown as Ticked;
}

/** What a court or an auditor asks for: where, when (the row says) and by whom, without keeping the address itself. */
function evidenceOf(request: FastifyRequest, page: string): Record<string, string> {
  // Keyed by the link: without it nobody finds the address out by trying them all.
  const { token } = params.parse(request.params);
  const agent = (request.headers['user-agent'] ?? '').slice(0, 200);
  return { page, ipHash: createHmac('sha256', token).update(request.ip).digest('hex'), userAgent: agent };
}

function languageOf(request: FastifyRequest): string {
  return (request.headers['accept-language'] ?? 'en').split(',', 1)[0] ?? 'en';
}
