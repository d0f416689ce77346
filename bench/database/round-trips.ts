import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface RoundTrips {
  /** The database's connection string, by way of here. */
  readonly url: string;
  /** How often a program that had its answers sent something new, since it was asked last. */
  readonly take: () => number;
  readonly close: () => Promise<void>;
}

/** Long enough that whatever a program sends without waiting for an answer has left before the answer comes. */
const ANSWER_DELAY_MS = 15;

/**
 * Stands between a program and its database and counts round trips: what is sent after an answer has come begins a new
 * one. Answers are held back a moment, as on a long line, so that what goes out together is one.
 */
export async function countRoundTrips(databaseUrl: string): Promise<RoundTrips> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((program) => {
    const database = connect(Number(target.port), target.hostname);
    let isAnswered = true;
    for (const socket of [program, database]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      sockets.add(socket);
    }
    program.on('data', (data) => {
      if (isAnswered) count += 1;
      isAnswered = false;
      database.write(data);
    });
    database.on('data', (data) => {
      setTimeout(() => {
        isAnswered = true;
        program.write(data);
      }, ANSWER_DELAY_MS);
    });
    program.on('close', () => database.destroy());
    database.on('close', () => program.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const here = new URL(databaseUrl);
  here.port = String((server.address() as AddressInfo).port);
  return {
    url: here.toString(),
    take: () => {
      const taken = count;
      count = 0;
      return taken;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
