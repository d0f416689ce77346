import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { parseAllowList } from '../../../channels/webhook/allow-list.ts';

export type Received = { headers: IncomingHttpHeaders; body: Buffer; method: string; path: string };

/** A real HTTP server on this machine that keeps what it was sent. */
export async function startReceiver(answer: (request: IncomingMessage, response: ServerResponse) => void = accept) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { headers, method = '', url: path = '' } = request;
      received.push({ headers, body: Buffer.concat(chunks), method, path });
      answer(request, response);
    });
  });
  const port = await listen(server);
  return { received, port, url: `http://127.0.0.1:${port}/hooks`, stop: () => stop(server) };
}

/** A bare TCP server for answers that are not proper HTTP. Counts connections and the bytes it was sent. */
export async function startTcp(talk: (socket: Socket) => void = () => undefined, host = '127.0.0.1') {
  const seen = { connections: 0, bytes: 0, open: 0 };
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    seen.connections += 1;
    seen.open += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      seen.open -= 1;
      sockets.delete(socket);
    });
    socket.on('data', (chunk) => {
      seen.bytes += chunk.length;
    });
    talk(socket);
  });
  const port = await listen(server, host);
  const stopAll = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await stop(server);
  };
  return { seen, port, url: `http://127.0.0.1:${port}/hooks`, stop: stopAll };
}

/** The allow-list of a test: exactly these ports of this machine. */
export function allowPorts(...ports: number[]) {
  const parsed = parseAllowList(ports.map((port) => `127.0.0.1:${port}`).join(','));
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.list;
}

function accept(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(204).end();
}

async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((done) => server.listen(0, host, done));
  return (server.address() as AddressInfo).port;
}

async function stop(server: Server): Promise<void> {
  await new Promise<void>((done) => {
    server.close(() => done());
    if ('closeAllConnections' in server && typeof server.closeAllConnections === 'function')
      server.closeAllConnections();
  });
}
