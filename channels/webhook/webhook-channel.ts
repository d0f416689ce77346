import { Client } from 'undici';
import { z } from 'zod';
import type { SendOptions } from '../channel.ts';
import type { AllowList } from './allow-list.ts';
import { checkUrl } from './check-url.ts';
import { customHeadersSchema } from './custom-headers.ts';
import { guardedConnector } from './guarded-connector.ts';
import { addressRefused, fromFault, fromStatus, type Wire } from './judge-attempt.ts';
import { readCapped } from './read-capped.ts';
import { resolveHost, type ResolveHost } from './resolve-host.ts';
import { signWebhook, WEBHOOK_ID } from './sign-webhook.ts';
import type { SigningKey } from './signing-key.ts';
import { LARGEST_BODY } from './webhook-event.ts';
import type { WebhookResult } from './webhook-result.ts';

export type WebhookMessage = {
  /** `webhook-id`: the same at every attempt and replay. */
  id: string;
  url: string;
  /** The exact bytes, JSON. */
  body: Uint8Array;
  /** Live keys, the newest first. */
  keys: readonly SigningKey[];
  /** The endpoint's own headers. */
  headers?: Readonly<Record<string, string>>;
};

export type WebhookChannelOptions = {
  /** Inner addresses that may be reached all the same; none by default. */
  allowList?: AllowList;
  /** Bound of one attempt from the name's resolution to the last byte read. Default 15 seconds. */
  totalTimeoutMs?: number;
  /** Default: the name servers of the machine. */
  resolve?: ResolveHost;
  now?: () => Date;
  /** Certificate authority instead of the system's, in PEM. */
  ca?: string;
};

/** Sends webhooks. Not a `Channel` in name only: its result also says what the attempt looked like. */
export type WebhookChannel = {
  send(message: WebhookMessage, options?: SendOptions): Promise<WebhookResult>;
  close(): Promise<void>;
};

const messageSchema = z.object({
  id: z.string().regex(WEBHOOK_ID),
  body: z.instanceof(Uint8Array).refine((body) => body.length <= LARGEST_BODY),
  headers: customHeadersSchema.default({}),
});
const DEFAULT_TIMEOUT_MS = 15_000;

/**
 * The outgoing webhook channel: one signed POST a call, by the rules of Standard Webhooks 1.0.0. No redirect is
 * followed, no proxy variable read, no cookie kept, nothing inflated, and a connection serves one request only, so
 * that no receiver can leave anything behind for the next.
 */
export function createWebhookChannel(options: WebhookChannelOptions = {}): WebhookChannel {
  const allowList = options.allowList ?? [];
  const clock = options.now ?? ((): Date => new Date());
  const underWay = new Set<AbortController>();

  async function send(message: WebhookMessage, sendOptions: SendOptions = {}): Promise<WebhookResult> {
    const begunAt = performance.now();
    const fixed = messageSchema.parse(message);
    const target = checkUrl(message.url, allowList);
    if (!target.ok) return addressRefused(target.message, begunAt);

    const now = clock();
    const restMs = sendOptions.deadline === undefined ? Infinity : sendOptions.deadline.getTime() - now.getTime();
    const timeLimit = AbortSignal.timeout(Math.max(0, Math.min(options.totalTimeoutMs ?? DEFAULT_TIMEOUT_MS, restMs)));
    const closing = new AbortController();
    underWay.add(closing);
    const signal = AbortSignal.any([timeLimit, closing.signal, ...(sendOptions.signal ? [sendOptions.signal] : [])]);

    const wire: Wire = { remoteAddress: null, begunAt, timedOut: () => timeLimit.aborted };
    const connect = guardedConnector({
      allowList,
      signal,
      resolve: options.resolve ?? resolveHost,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      onConnected: async (address) => {
        await sendOptions.beforeHandOver?.();
        signal.throwIfAborted();
        wire.remoteAddress = address;
      },
    });
    const client = new Client(target.url.origin, { connect, pipelining: 0, allowH2: false, maxHeaderSize: 16 * 1024 });
    try {
      const timestamp = Math.floor(now.getTime() / 1000);
      const answer = await client.request({
        path: target.url.pathname + target.url.search,
        method: 'POST',
        signal,
        headersTimeout: 0,
        bodyTimeout: 0,
        headers: {
          ...fixed.headers,
          'content-type': 'application/json',
          'accept-encoding': 'identity',
          'user-agent': 'WedSync-Webhooks/1.0',
          ...signWebhook({ id: fixed.id, timestamp, body: fixed.body }, message.keys),
        },
        body: fixed.body,
      });
      const { bytes, complete } = await readCapped(answer.body);
      return fromStatus(answer.statusCode, oneValueEach(answer.headers), bytes, complete, wire, clock());
    } catch (error) {
      return fromFault(error, wire, signal.aborted && !timeLimit.aborted);
    } finally {
      underWay.delete(closing);
      // Never `close`: that would wait for a body nobody reads any more.
      client.destroy().catch(() => undefined);
    }
  }

  return {
    send,
    async close() {
      for (const controller of underWay) controller.abort();
    },
  };
}

function oneValueEach(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    [value ?? ''].flat().join(', '),
  ]);
  return Object.fromEntries(entries);
}
