import { randomUUID } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import type { CaughtMessage } from './caught-message.ts';
import type { Fault, FaultPlan } from './faults.ts';
import type { MailReactions } from './reactions.ts';
import { readEmail } from './read-email.ts';

export type SmtpCatcher = { port: number; stop(): Promise<void> };

const HOST = '127.0.0.1';
const LARGEST_MAIL_BYTES = 30 * 1024 * 1024;

/**
 * A mail server that takes everything and forwards nothing, or fails as the plan says. It listens on this machine only.
 *
 * @param keep called with every mail that counts as delivered, before the sender is told so
 */
export async function startSmtpCatcher(options: {
  port: number;
  faults: FaultPlan;
  keep: (message: CaughtMessage) => void;
  reactions: MailReactions;
}): Promise<SmtpCatcher> {
  const duringData = new WeakMap<SMTPServerSession, Fault>();
  const pending = new Set<NodeJS.Timeout>();
  const sockets = new Map<number, Socket>();

  const server = new SMTPServer({
    // No certificate of ours would be trusted, and passwords do not travel further than this machine.
    disabledCommands: ['STARTTLS'],
    authOptional: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    hideENHANCEDSTATUSCODES: false,
    hideDSN: false,
    size: LARGEST_MAIL_BYTES,
    rejectOversized: true,
    closeTimeout: 200,
    onAuth: (auth, _session, done) => done(null, { user: auth.username ?? 'anyone' }),
    onRcptTo(address, session, done) {
      const fault = options.faults.take('email', address.address);
      if (fault === undefined) return done();
      if (fault.kind === 'refuse') return done(reply(fault.code ?? 550, fault.text ?? '5.1.1 user unknown'));
      if (fault.kind === 'defer')
        return done(reply(fault.code ?? 451, fault.text ?? '4.7.1 greylisted, try again later'));
      if (fault.kind === 'drop_before_data') return dropConnection(session);
      duringData.set(session, fault);
      return done();
    },
    onData(stream, session, done) {
      const fault = duringData.get(session);
      duringData.delete(session);
      if (fault?.kind === 'drop_in_data') {
        stream.once('data', () => dropConnection(session));
        stream.resume();
        return;
      }
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.once('end', () => {
        finish(Buffer.concat(chunks), session, fault).then(
          (outcome) => {
            if (outcome !== 'dropped') done(outcome);
          },
          (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
        );
      });
    },
  });
  // Senders that vanish in the middle are what the faults are for; they are no reason to fall.
  server.on('error', () => {});
  server.server.on('connection', (socket: Socket) => {
    const port = socket.remotePort;
    if (port === undefined) return;
    sockets.set(port, socket);
    socket.once('close', () => sockets.delete(port));
  });

  async function finish(
    raw: Buffer,
    session: SMTPServerSession,
    fault: Fault | undefined,
  ): Promise<Error | null | 'dropped'> {
    if (fault?.kind === 'refuse_after_data') return reply(fault.code ?? 554, fault.text ?? '5.7.1 message refused');
    if (fault?.kind === 'defer_after_data') return reply(fault.code ?? 451, fault.text ?? '4.3.0 try again later');
    if (fault?.keep !== false) {
      const { mailFrom, rcptTo } = session.envelope;
      const from = mailFrom === false ? '' : mailFrom.address;
      const message = await readEmail(raw, { from, to: rcptTo.map((recipient) => recipient.address) });
      options.keep(message);
      if (fault?.kind === 'deliver_twice') options.keep({ ...message, id: randomUUID() });
      if (fault?.kind === 'bounce_later') void options.reactions.giveBack(message, 'bounce', fault.text);
      if (fault?.kind === 'complain_later') void options.reactions.giveBack(message, 'complaint');
    }
    if (fault?.kind === 'drop_after_data') {
      dropConnection(session);
      return 'dropped';
    }
    if (fault?.kind === 'late_answer') await wait(fault.delayMs);
    return null;
  }

  function wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        pending.delete(timer);
        resolve();
      }, ms);
      pending.add(timer);
    });
  }

  function dropConnection(session: SMTPServerSession): void {
    sockets.get(session.remotePort)?.destroy();
  }

  await new Promise<void>((resolve, reject) => {
    server.server.once('error', reject);
    server.listen(options.port, HOST, () => {
      server.server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.server.address() as AddressInfo).port,
    async stop() {
      for (const timer of pending) clearTimeout(timer);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function reply(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code });
}
