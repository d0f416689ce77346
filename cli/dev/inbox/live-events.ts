import type { FastifyReply, FastifyRequest } from 'fastify';
import { summarize } from './caught-message.ts';
import type { FaultPlan } from './faults.ts';
import type { MessageStore, StoreEvent } from './message-store.ts';

const BEAT_MS = 20_000;

/** Server-sent events for the page: what came, what went, what goes wrong next, each as one line of JSON. */
export function liveEvents(
  store: MessageStore,
  faults: FaultPlan,
): {
  connect(request: FastifyRequest, reply: FastifyReply): void;
  close(): void;
} {
  const replies = new Set<FastifyReply>();
  const tell = (event: object): void => {
    const data = `data: ${JSON.stringify(event)}\n\n`;
    for (const reply of replies) reply.raw.write(data);
  };
  const unsubscribes = [
    store.subscribe((event) => tell(forPage(event))),
    faults.subscribe(() => tell({ kind: 'faults' })),
  ];
  // A comment line now and then: a browser notices a dead connection only when something should have come.
  const beat = setInterval(() => {
    for (const reply of replies) reply.raw.write(': here\n\n');
  }, BEAT_MS);
  beat.unref();

  return {
    connect(request, reply) {
      reply.hijack();
      reply.raw.writeHead(200, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        connection: 'keep-alive',
      });
      reply.raw.write('retry: 1000\n\n');
      replies.add(reply);
      request.raw.once('close', () => replies.delete(reply));
    },
    close() {
      clearInterval(beat);
      for (const unsubscribe of unsubscribes) unsubscribe();
      for (const reply of replies) reply.raw.end();
    },
  };
}

function forPage(event: StoreEvent): object {
  return event.kind === 'added' ? { kind: 'added', message: summarize(event.message) } : event;
}
