import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { conversationPage } from './conversation-page.ts';
import type { PageLinks } from './layout.ts';
import { couplePage, noticePage, statusPage } from './pages.ts';
import { previewPage } from './preview-page.ts';
import type { StatusReader } from './read.ts';

const organizationQuery = z.object({ organization: z.uuid().optional() });
const coupleParams = z.object({ clientId: z.uuid() });
const previewParams = coupleParams.extend({
  channel: z.enum(['email', 'sms', 'whatsapp']),
  template: z.string().min(1).max(80),
});
const previewQuery = z.object({
  role: z.string().min(1).max(40).optional(),
  part: z.enum(['page', 'html', 'no-pictures', 'text']).default('page'),
});

/**
 * The pages of a development set-up, which show every organization without signing in: the overview, each couple, what
 * was written with it, and what it would get.
 *
 * @param status absent where there is no such page; `/` says so then
 */
export function registerStatusPages(app: FastifyInstance, status: StatusReader | undefined, links: PageLinks): void {
  const organizationIdOf = async (reader: StatusReader, request: FastifyRequest): Promise<string | undefined> => {
    const query = organizationQuery.safeParse(request.query);
    return (query.success ? query.data.organization : undefined) ?? (await reader.organizations())[0]?.id;
  };
  const notFound = (reply: FastifyReply): FastifyReply =>
    page(reply, 404, (nonce) => noticePage('Not found', NO_COUPLE, links, nonce));
  /** What is shown of one couple; null where there is none. */
  const ofCouple = async <View>(
    request: FastifyRequest,
    read: (reader: StatusReader, organizationId: string, clientId: string) => Promise<View | null>,
  ): Promise<View | null> => {
    const params = coupleParams.safeParse(request.params);
    const organizationId = status ? await organizationIdOf(status, request) : undefined;
    if (!status || organizationId === undefined || !params.success) return null;
    return read(status, organizationId, params.data.clientId);
  };

  app.get('/', async (request, reply) => {
    if (!status) return page(reply, 404, (nonce) => noticePage('WedSync Journeys', NO_STATUS_PAGE, links, nonce));
    const organizationId = await organizationIdOf(status, request);
    const view = organizationId === undefined ? null : await status.overview(organizationId);
    if (!view) return page(reply, 200, (nonce) => noticePage('WedSync Journeys', NO_ORGANIZATION, links, nonce));
    return page(reply, 200, (nonce) => statusPage(view, links, nonce));
  });

  app.get('/couples/:clientId', async (request, reply) => {
    const view = await ofCouple(request, (reader, organizationId, id) => reader.couple(organizationId, id));
    return view ? page(reply, 200, (nonce) => couplePage(view, links, nonce)) : notFound(reply);
  });

  app.get('/couples/:clientId/messages', async (request, reply) => {
    const view = await ofCouple(request, (reader, organizationId, id) => reader.conversation(organizationId, id));
    return view ? page(reply, 200, (nonce) => conversationPage(view, links, nonce)) : notFound(reply);
  });

  app.get('/couples/:clientId/preview/:channel/:template', async (request, reply) => {
    const params = previewParams.safeParse(request.params);
    const query = previewQuery.safeParse(request.query);
    if (!params.success || !query.success) return notFound(reply);
    const { channel, template } = params.data;
    const { role, part } = query.data;
    const view = await ofCouple(request, (reader, organizationId, id) =>
      reader.preview(organizationId, id, { channel, template, role }),
    );
    if (!view) return notFound(reply);
    const { result } = view;
    if (part === 'page') return page(reply, 200, (nonce) => previewPage(view, links, nonce));
    if (!result.ok) return reply.code(422).type('text/plain; charset=utf-8').send(result.message);
    const { html, withoutPictures, text } = result.preview;
    const mail = part === 'html' ? html : part === 'no-pictures' ? withoutPictures : undefined;
    return mail === undefined ? reply.type('text/plain; charset=utf-8').send(text) : mailOf(reply, mail);
  });
}

const NO_STATUS_PAGE = 'The status page shows every couple without signing in, so only `npm run dev` serves it.';
const NO_ORGANIZATION = 'There is no organization yet. Insert one into app.organizations, or start without --no-demo.';
const NO_COUPLE = 'There is no such couple in this organization.';

function page(reply: FastifyReply, code: number, render: (nonce: string) => string): FastifyReply {
  const nonce = randomBytes(16).toString('base64');
  return guarded(
    reply,
    `default-src 'none'; connect-src 'self'; frame-src 'self'; img-src data:; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  )
    .code(code)
    .send(render(nonce));
}

/** A mail in its frame: whatever stands in it, it runs nothing and sends nothing. */
function mailOf(reply: FastifyReply, mail: string): FastifyReply {
  return guarded(
    reply,
    "default-src 'none'; img-src https: data:; style-src 'unsafe-inline'; font-src https:; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; sandbox",
  ).send(mail);
}

function guarded(reply: FastifyReply, policy: string): FastifyReply {
  return reply
    .header('content-type', 'text/html; charset=utf-8')
    .header('content-security-policy', policy)
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .header('cache-control', 'no-store');
}
