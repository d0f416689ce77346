import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A way to a database server that can be shut: whoever is through is cut off, and everybody else is refused. */
export interface DatabaseDoor {
  /** The same connection string, through the door. */
  readonly through: (url: string) => string;
  readonly shut: () => Promise<void>;
  readonly open: () => Promise<void>;
}

/** @param url connection string of the server behind it */
export async function startDatabaseDoor(url: string): Promise<DatabaseDoor> {
  const { hostname, port: behind } = new URL(url);
  const sockets = new Set<Socket>();
  let server: Server | null = null;
  let port = 0;
  const open = async (): Promise<void> => {
    server = createServer((outside) => {
      const inside = connect(Number(behind), hostname);
      for (const socket of [outside, inside]) {
        sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          sockets.delete(socket);
          outside.destroy();
          inside.destroy();
        });
      }
      outside.pipe(inside).pipe(outside);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    // The same one again, once it is known to whoever connects.
    port = (server.address() as AddressInfo).port;
  };
  await open();
  return {
    through(given) {
      const mapped = new URL(given);
      mapped.host = `127.0.0.1:${port}`;
      return mapped.toString();
    },
    open,
    async shut() {
      const closed = new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
      for (const socket of sockets) socket.resetAndDestroy();
      await closed;
    },
  };
}
