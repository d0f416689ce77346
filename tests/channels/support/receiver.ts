import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type ReceivedCall = { url: string; fields: Record<string, string>; signature: string };

export type Receiver = {
  url: string;
  calls: ReceivedCall[];
  /** Resolves once `enough` is true of the calls so far; fails after ten seconds. */
  until(enough: (calls: ReceivedCall[]) => boolean): Promise<void>;
  stop(): Promise<void>;
};

/** A web server that takes form posts and remembers them. */
export async function startReceiver(): Promise<Receiver> {
  const calls: ReceivedCall[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      calls.push({
        url: `${url}${request.url}`,
        fields: Object.fromEntries(new URLSearchParams(body)),
        signature: String(request.headers['x-twilio-signature']),
      });
      response.end();
      for (const check of waiting) check();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    calls,
    until: (enough) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`only ${JSON.stringify(calls)} came`)), 10_000);
        const check = (): void => {
          if (!enough(calls)) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
