import { createServer, type AddressInfo, type Socket } from 'node:net';

/** Where in a conversation something happens; `dot` is after the whole message has come. */
export type SmtpStage = 'connect' | 'ehlo' | 'mail' | 'rcpt' | 'data' | 'body' | 'dot';

export type SmtpFault = {
  stage: SmtpStage;
  /** `fin` and `rst` end the connection, `silence` never answers, `reply` answers with this line. */
  action: 'fin' | 'rst' | 'silence' | { reply: string };
  /** At stage `dot`: whether the message counts as delivered although the sender does not hear of it. */
  delivered?: boolean;
  /** How many good messages go before it on the same connection. */
  after?: number;
};

export type ScriptedSmtp = {
  url: string;
  /** Message-IDs in the order of their delivery. */
  delivered: string[];
  /** What the next message meets, once. */
  failNext(fault: SmtpFault): void;
  /** Whether the fault set up last has happened. */
  hasFailed(): boolean;
  stop(): Promise<void>;
};

/**
 * A mail server that follows a script, byte by byte, for what a real one does only by accident: a reset in the middle
 * of a message, silence after its end.
 */
export async function startScriptedSmtp(): Promise<ScriptedSmtp> {
  const delivered: string[] = [];
  const sockets = new Set<Socket>();
  // Connections on which nothing is heard any more, so that what was still under way does not count.
  const deaf = new WeakSet<Socket>();
  let fault: SmtpFault | undefined;
  let good = 0;

  /** True where the fault was carried out, so that the ordinary answer is not given. */
  function meets(stage: SmtpStage, socket: Socket): boolean {
    if (fault === undefined || fault.stage !== stage || good < (fault.after ?? 0)) return false;
    const { action } = fault;
    fault = undefined;
    if (typeof action === 'string') deaf.add(socket);
    if (action === 'fin') socket.end();
    else if (action === 'rst') socket.resetAndDestroy();
    else if (action !== 'silence') {
      socket.write(`${action.reply}\r\n`);
      if (action.reply.startsWith('421')) socket.end();
    }
    return true;
  }

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    let buffer = '';
    let message: string | undefined;
    if (!meets('connect', socket)) socket.write('220 scripted ready\r\n');

    socket.on('data', (chunk: string) => {
      if (deaf.has(socket)) return;
      buffer += chunk;
      for (;;) {
        if (message !== undefined) {
          if (meets('body', socket)) return;
          const end = buffer.indexOf('\r\n.\r\n');
          if (end === -1) return;
          finish(buffer.slice(0, end));
          buffer = buffer.slice(end + 5);
          message = undefined;
          continue;
        }
        const end = buffer.indexOf('\r\n');
        if (end === -1) return;
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        answer(line.slice(0, 4).toUpperCase().trim());
      }
    });

    function answer(verb: string): void {
      if (verb === 'EHLO')
        return void (meets('ehlo', socket) || socket.write('250-scripted\r\n250 ENHANCEDSTATUSCODES\r\n'));
      if (verb === 'MAIL') return void (meets('mail', socket) || socket.write('250 2.1.0 fine\r\n'));
      if (verb === 'RCPT') return void (meets('rcpt', socket) || socket.write('250 2.1.5 fine\r\n'));
      if (verb === 'DATA') {
        if (meets('data', socket)) return;
        message = '';
        socket.write('354 go on\r\n');
        return;
      }
      if (verb === 'QUIT') {
        socket.end('221 bye\r\n');
        return;
      }
      socket.write('250 2.0.0 fine\r\n');
    }

    function finish(text: string): void {
      const id = /^Message-ID: (<[^>]+>)/im.exec(text)?.[1] ?? 'without Message-ID';
      const lost = fault?.stage === 'dot' && good >= (fault.after ?? 0) ? fault : undefined;
      if (lost?.delivered === true) delivered.push(id);
      if (meets('dot', socket)) return;
      delivered.push(id);
      good += 1;
      socket.write('250 2.0.0 queued\r\n');
    }
  });

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    delivered,
    failNext(next) {
      fault = next;
      good = 0;
    },
    hasFailed: () => fault === undefined,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
