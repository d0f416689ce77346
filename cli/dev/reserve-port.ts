import { createServer, type Server } from 'node:http';
import { OperatorError } from '../operator-error.ts';

export interface ReservedPort {
  readonly port: number;
  /** Frees it for whoever is to listen there. */
  readonly release: () => Promise<void>;
}

const HOST = '127.0.0.1';
const TRIED = 20;

/**
 * Takes a port before what is to listen there has started: other parts must know it, and meanwhile no other program may
 * take it. Whoever looks already is told to come again.
 *
 * @param asked a port that a person asked for is theirs or an error
 * @param usual gives way to the next free one
 */
export async function reservePort(asked: number | undefined, usual: number): Promise<ReservedPort> {
  const first = asked ?? usual;
  for (let port = first; port <= first + (asked === undefined ? TRIED : 0); port += 1) {
    const server = await listenOn(port);
    if (server !== null) return { port, release: () => close(server) };
  }
  if (asked === undefined) {
    throw new OperatorError(
      `The ports ${usual} to ${usual + TRIED} are all used by other programs. Choose another with --port.`,
    );
  }
  throw new OperatorError(
    `Port ${asked} is used by another program. Stop it, choose another with --port, or leave --port away to take a free one.`,
  );
}

/** Null where another program has the port. */
function listenOn(port: number): Promise<Server | null> {
  const server = createServer((_request, response) => {
    response.writeHead(503, { 'retry-after': '2', refresh: '2', 'content-type': 'text/plain; charset=utf-8' });
    response.end('WedSync Journeys is starting; this page comes by itself.\n');
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    server.listen(port, HOST, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
