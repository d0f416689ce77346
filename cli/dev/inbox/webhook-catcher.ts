import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { CaughtMessage } from './caught-message.ts';
import type { FaultPlan } from './faults.ts';
import type { MessageStore } from './message-store.ts';

const LARGEST_BODY = 1024 * 1024;

/**
 * Takes webhooks at `/webhooks/<anything>`: each is kept with its headers and exact body and answered with 200, or as
 * the fault for its path says.
 */
export async function webhookCatcher(
  server: FastifyInstance,
  { store, faults }: { store: MessageStore; faults: FaultPlan },
): Promise<void> {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: LARGEST_BODY }, (_request, body, done) =>
    done(null, body),
  );
  server.post('/webhooks/*', async (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const path = request.url;
    const fault = faults.take('webhook', path);
    if (fault?.kind === 'refuse') return reply.code(fault.code ?? 500).send(fault.text ?? 'refused on demand');
    if (fault?.kind === 'defer')
      return reply
        .code(fault.code ?? 429)
        .header('retry-after', '2')
        .send('later');
    if (fault?.kind === 'drop_before_data') {
      reply.hijack();
      request.raw.socket.destroy();
      return reply;
    }
    if (fault?.keep !== false) store.put(caught(path, body, request.headers));
    if (fault?.kind === 'deliver_twice') store.put(caught(path, body, request.headers));
    if (fault?.kind === 'drop_after_data') {
      reply.hijack();
      request.raw.socket.destroy();
      return reply;
    }
    if (fault?.kind === 'late_answer') await answerLater(fault.delayMs, request.raw.socket);
    return reply.code(200).send({ received: true });
  });
}

function caught(path: string, body: Buffer, headers: Record<string, string | string[] | undefined>): CaughtMessage {
  const text = body.toString('utf8');
  const type = readType(text);
  return {
    id: randomUUID(),
    channel: 'webhook',
    receivedAt: new Date().toISOString(),
    from: String(headers['user-agent'] ?? 'unknown'),
    to: [path],
    subject: type ?? 'Webhook',
    text: pretty(text),
    headers: Object.entries(headers).map(([name, value]) => ({ name, value: String(value) })),
    attachments: [],
    ...(typeof headers['webhook-id'] === 'string' ? { providerId: headers['webhook-id'] } : {}),
    details: { Size: `${body.length} bytes` },
    raw: body.toString('base64'),
  };
}

function readType(text: string): string | undefined {
  const parsed = parse(text);
  const type = typeof parsed === 'object' && parsed !== null ? (parsed as { type?: unknown }).type : undefined;
  return typeof type === 'string' ? type : undefined;
}

function pretty(text: string): string {
  const parsed = parse(text);
  return parsed === undefined ? text : JSON.stringify(parsed, null, 2);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Waits, but no longer than the sender does. */
function answerLater(ms: number, socket: { once(event: 'close', listener: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
