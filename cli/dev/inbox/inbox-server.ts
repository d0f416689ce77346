import { readFileSync } from 'node:fs';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { z } from 'zod';
import { summarize, type CaughtMessage } from './caught-message.ts';
import { faultSchema, type FaultPlan } from './faults.ts';
import { findLinks } from './find-links.ts';
import { liveEvents } from './live-events.ts';
import type { MessageStore } from './message-store.ts';
import type { MailReactions } from './reactions.ts';
import { previewHtml, previewPolicy } from './preview-html.ts';

const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const PAGE_FILES = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/inbox.css': { file: 'inbox.css', type: 'text/css; charset=utf-8' },
  '/inbox.js': { file: 'inbox.js', type: 'text/javascript; charset=utf-8' },
  '/reader.css': { file: 'reader.css', type: 'text/css; charset=utf-8' },
  '/conversation.js': { file: 'conversation.js', type: 'text/javascript; charset=utf-8' },
  '/reader.js': { file: 'reader.js', type: 'text/javascript; charset=utf-8' },
  '/faults.js': { file: 'faults.js', type: 'text/javascript; charset=utf-8' },
  '/dom.js': { file: 'dom.js', type: 'text/javascript; charset=utf-8' },
} as const;

const filterSchema = z.object({
  channel: z.string().optional(),
  to: z.string().optional(),
  subject: z.string().optional(),
  search: z.string().optional(),
  communicationId: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(5_000).default(200),
});
const onOff = z.enum(['on', 'off']);
const lookSchema = z.object({ images: onOff.default('on'), dark: onOff.default('off') });
const returnSchema = z.strictObject({
  kind: z.enum(['bounce', 'complaint']),
  /** Of a bounce (RFC 3463). */
  status: z
    .string()
    .regex(/^[245]\.\d{1,3}\.\d{1,3}$/)
    .optional(),
});
const idSchema = z.object({ id: z.string() });

/** The inbox's page, its JSON API and its live events. */
export function createInboxServer(inbox: {
  store: MessageStore;
  faults: FaultPlan;
  reactions: MailReactions;
}): FastifyInstance {
  const { store, faults, reactions } = inbox;
  const server = fastify({ forceCloseConnections: true });
  const live = liveEvents(store, faults);
  server.addHook('onClose', async () => live.close());
  // A page elsewhere on the web must not read the mails by pointing its own name at this machine.
  server.addHook('onRequest', async (request, reply) => {
    if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? '')) {
      await reply.code(403).send({ error: 'forbidden_host', message: 'Open the inbox as http://127.0.0.1.' });
    }
  });
  server.setErrorHandler(async (error, _request, reply) => {
    if (error instanceof z.ZodError) return reply.code(400).send({ error: 'invalid', message: z.prettifyError(error) });
    const { statusCode = 500, message } = error as Error & { statusCode?: number };
    return reply.code(statusCode).send({ error: statusCode < 500 ? 'invalid' : 'failed', message });
  });

  for (const [path, { file, type }] of Object.entries(PAGE_FILES)) {
    // Read for each request: whoever changes the page sees it at the next reload.
    server.get(path, async (_request, reply) =>
      reply
        .header('content-security-policy', PAGE_POLICY)
        .header('cache-control', 'no-store')
        .type(type)
        .send(readFileSync(new URL(`page/${file}`, import.meta.url), 'utf8')),
    );
  }

  server.get('/api/messages', async (request) => {
    const { limit, ...filter } = filterSchema.parse(request.query);
    const found = store.list(filter);
    const messages = found.slice(0, limit).map(summarize);
    return { total: found.length, counts: countsOf(store.list({ ...filter, channel: undefined })), messages };
  });
  server.post('/api/messages/undo', async () => ({ restored: store.undo() }));
  server.delete('/api/messages', async (_request, reply) => {
    store.clear();
    return reply.code(204).send();
  });
  server.get('/api/messages/:id', async (request, reply) => {
    const message = find(request.params, reply);
    if (message === undefined) return reply;
    const { raw: _raw, attachments, ...rest } = message;
    const links = findLinks(message.html ?? '');
    return { ...rest, links, attachments: attachments.map(({ content: _content, ...about }) => about) };
  });
  server.delete('/api/messages/:id', async (request, reply) => {
    const message = find(request.params, reply);
    if (message === undefined) return reply;
    store.delete(message.id);
    return reply.code(204).send();
  });
  server.get('/api/messages/:id/source', async (request, reply) => {
    const message = find(request.params, reply);
    if (message === undefined) return reply;
    return reply.type('text/plain; charset=utf-8').send(Buffer.from(message.raw, 'base64').toString('utf8'));
  });
  server.get('/api/messages/:id/html', async (request, reply) => {
    const message = find(request.params, reply);
    if (message === undefined) return reply;
    const { images, dark } = lookSchema.parse(request.query);
    return reply
      .header('content-security-policy', previewPolicy(images === 'on'))
      .type('text/html; charset=utf-8')
      .send(previewHtml(message, dark === 'on'));
  });
  server.get('/api/messages/:id/attachments/:index', async (request, reply) => {
    const message = find(request.params, reply);
    if (message === undefined) return reply;
    const { index } = z.object({ index: z.coerce.number().int().min(0) }).parse(request.params);
    const attachment = message.attachments[index];
    if (attachment === undefined) return notFound(reply);
    const picture = attachment.contentType.startsWith('image/') && attachment.contentId !== undefined;
    return reply
      .header('content-security-policy', "default-src 'none'; sandbox")
      .header('x-content-type-options', 'nosniff')
      .header(
        'content-disposition',
        `${picture ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeURIComponent(attachment.filename)}`,
      )
      .type(picture ? attachment.contentType : 'application/octet-stream')
      .send(Buffer.from(attachment.content, 'base64'));
  });
  server.post('/api/messages/:id/return', async (request, reply) => {
    const message = find(request.params, reply);
    if (message === undefined) return reply;
    const { kind, status } = returnSchema.parse(request.body);
    if (message.channel !== 'email') return notFound(reply);
    await reactions.giveBack(message, kind, status);
    return reply.code(204).send();
  });

  server.get('/api/faults', async () => ({ faults: faults.list() }));
  server.post('/api/faults', async (request, reply) =>
    reply.code(201).send(faults.add(faultSchema.parse(request.body))),
  );
  server.delete('/api/faults', async (_request, reply) => {
    faults.clear();
    return reply.code(204).send();
  });
  server.delete('/api/faults/:id', async (request, reply) => {
    if (!faults.remove(idSchema.parse(request.params).id)) return notFound(reply);
    return reply.code(204).send();
  });
  server.get('/api/events', (request, reply) => live.connect(request, reply));

  function find(params: unknown, reply: FastifyReply): CaughtMessage | undefined {
    const message = store.get(idSchema.parse(params).id);
    if (message === undefined) notFound(reply);
    return message;
  }
  return server;
}

/** How many there are on each channel. */
function countsOf(messages: readonly CaughtMessage[]): Record<CaughtMessage['channel'], number> {
  const counts = { email: 0, sms: 0, whatsapp: 0, webhook: 0 };
  for (const { channel } of messages) counts[channel] += 1;
  return counts;
}

function notFound(reply: FastifyReply): FastifyReply {
  return reply.code(404).send({ error: 'not_found', message: 'There is nothing here; it may have been deleted.' });
}
