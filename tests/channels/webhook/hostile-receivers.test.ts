import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { LARGEST_ANSWER } from '../../../channels/webhook/read-capped.ts';
import { parseSigningKey } from '../../../channels/webhook/signing-key.ts';
import { createWebhookChannel } from '../../../channels/webhook/webhook-channel.ts';
import { allowPorts, startReceiver, startTcp } from './receiver.ts';

const parsed = parseSigningKey(`whsec_${Buffer.alloc(32, 1).toString('base64')}`);
if (!parsed.ok) throw new Error(parsed.message);
const keys = [parsed.key];
const message = (url: string) => ({ id: 'msg_1', url, body: Buffer.from('{}'), keys });
const DEADLINE_MS = 400;
/** Room for a busy machine; each of these receivers would hold the connection for ever. */
const SLACK_MS = 5_000;

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function sendTo(talk: (socket: Socket) => void) {
  const server = await startTcp(talk);
  cleanUps.push(server.stop);
  const channel = createWebhookChannel({ allowList: allowPorts(server.port), totalTimeoutMs: DEADLINE_MS });
  const begun = performance.now();
  const result = await channel.send(message(server.url));
  return { result, tookMs: performance.now() - begun, server };
}

/** Writes `next()` again and again, every few milliseconds, as long as the other side listens. */
function drip(socket: Socket, next: () => string | Buffer, everyMs: number): void {
  const timer = setInterval(() => socket.write(next()), everyMs);
  cleanUps.push(() => clearInterval(timer));
  socket.on('close', () => clearInterval(timer));
}

/** Writes as fast as the other side reads. */
function flood(socket: Socket, chunk: string | Buffer): void {
  const write = (): void => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', write);
  write();
}

describe('a receiver that wants to hold or fill a worker', () => {
  const silent: [string, (socket: Socket) => void][] = [
    ['never answers', () => undefined],
    ['drips the status line', (socket) => (socket.write('HTTP/1.1 200 '), drip(socket, () => 'O', 20))],
    ['drips headers', (socket) => (socket.write('HTTP/1.1 200 OK\r\n'), drip(socket, () => 'x: 1\r\n', 20))],
    ['sends early hints for ever', (socket) => drip(socket, () => 'HTTP/1.1 103 Early Hints\r\n\r\n', 5)],
  ];
  test.each(silent)('and %s is left at the deadline', async (_name, talk) => {
    const { result, tookMs, server } = await sendTo(talk);
    expect(result).toMatchObject({
      outcome: 'unknown',
      retryAfterMs: 60_000,
      attempt: { status: null, fault: 'timeout' },
    });
    expect(tookMs).toBeLessThan(DEADLINE_MS + SLACK_MS);
    await expect.poll(() => server.seen.open).toBe(0);
  });

  test('and says continue without having been asked is left at once', async () => {
    const { result, server } = await sendTo((socket) => drip(socket, () => 'HTTP/1.1 100 Continue\r\n\r\n', 5));
    expect(result).toMatchObject({ outcome: 'unknown', attempt: { status: null, fault: 'connection_lost' } });
    await expect.poll(() => server.seen.open).toBe(0);
  });

  test('and drips its body is left at the deadline; it did accept', async () => {
    const { result, tookMs, server } = await sendTo((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
      drip(socket, () => 'x', 20);
    });
    expect(result).toMatchObject({ outcome: 'accepted', attempt: { status: 200, bodyComplete: false } });
    expect(tookMs).toBeLessThan(DEADLINE_MS + SLACK_MS);
    await expect.poll(() => server.seen.open).toBe(0);
  });

  test('and sends endless headers is cut off at 16 KiB', async () => {
    const { result, server } = await sendTo((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      flood(socket, `x-filler: ${'y'.repeat(1000)}\r\n`);
    });
    expect(result).toMatchObject({ outcome: 'unknown', attempt: { fault: 'headers_too_large' } });
    await expect.poll(() => server.seen.open).toBe(0);
  });

  test('and answers with an endless body is cut off at 64 KiB', async () => {
    const { result, server } = await sendTo((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      flood(socket, `ffff\r\n${'z'.repeat(0xffff)}\r\n`);
    });
    expect(result).toMatchObject({ outcome: 'accepted', attempt: { bodyComplete: false } });
    expect(result.attempt.responseBody).toHaveLength(LARGEST_ANSWER);
    await expect.poll(() => server.seen.open).toBe(0);
  });

  test('and answers with 10 MB costs 64 KiB', async () => {
    const receiver = await startReceiver((_request, response) =>
      response.writeHead(500).end(Buffer.alloc(10_000_000, 'a')),
    );
    cleanUps.push(receiver.stop);
    const channel = createWebhookChannel({ allowList: allowPorts(receiver.port) });
    const result = await channel.send(message(receiver.url));
    expect(result).toMatchObject({ outcome: 'not_accepted', attempt: { status: 500, bodyComplete: false } });
    expect(result.attempt.responseBody).toHaveLength(LARGEST_ANSWER);
  });

  test('and answers with a gzip bomb is read as it is and never inflated', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    expect(bomb.length).toBeLessThan(LARGEST_ANSWER);
    const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' };
    const receiver = await startReceiver((_request, response) => response.writeHead(200, headers).end(bomb));
    cleanUps.push(receiver.stop);
    const channel = createWebhookChannel({ allowList: allowPorts(receiver.port) });
    const { attempt } = await channel.send(message(receiver.url));
    expect(Buffer.from(attempt.responseBody).equals(bomb)).toBe(true);
  });

  test('and whose name server never answers is left at the deadline, and the question is taken back', async () => {
    let takenBack = false;
    const channel = createWebhookChannel({
      totalTimeoutMs: DEADLINE_MS,
      resolve: (_name, signal) =>
        new Promise((_answer, refuse) => {
          signal.addEventListener('abort', () => {
            takenBack = true;
            refuse(new Error('cancelled'));
          });
        }),
    });
    const result = await channel.send(message('https://slow.example/'));
    expect(result).toMatchObject({ outcome: 'not_accepted', attempt: { fault: 'timeout' } });
    expect(result.attempt.durationMs).toBeLessThan(DEADLINE_MS + SLACK_MS);
    expect(takenBack).toBe(true);
  });

  test('holds nobody longer than the deadline of the caller', async () => {
    const server = await startTcp();
    cleanUps.push(server.stop);
    const channel = createWebhookChannel({ allowList: allowPorts(server.port) });
    const result = await channel.send(message(server.url), { deadline: new Date(Date.now() + 200) });
    expect(result).toMatchObject({ attempt: { fault: 'timeout' } });
    expect(result.attempt.durationMs).toBeLessThan(200 + SLACK_MS);
  });
});

describe('a secure receiver', () => {
  test('gets its webhook where its certificate is good, and nothing where it is not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wedsync-tls-'));
    cleanUps.push(() => rmSync(folder, { recursive: true }));
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const subject = ['-subj', '/CN=hooks.example', '-addext', 'subjectAltName=DNS:hooks.example'];
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ed25519',
      '-nodes',
      '-days',
      '2',
      '-keyout',
      keyFile,
      '-out',
      certFile,
    ];
    execFileSync('openssl', [...request, ...subject], { stdio: 'ignore' });
    const ca = readFileSync(certFile, 'utf8');
    let requests = 0;
    const server = createTlsServer({ key: readFileSync(keyFile), cert: ca }, (_request, response) => {
      requests += 1;
      response.writeHead(204).end();
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    cleanUps.push(() => server.close());
    const { port } = server.address() as AddressInfo;
    const options = { allowList: allowPorts(port), resolve: () => Promise.resolve(['127.0.0.1']) };

    const trusting = createWebhookChannel({ ...options, ca });
    expect(await trusting.send(message(`https://hooks.example:${port}/`))).toMatchObject({ outcome: 'accepted' });
    const otherName = await trusting.send(message(`https://other.example:${port}/`));
    const strange = await createWebhookChannel(options).send(message(`https://hooks.example:${port}/`));
    for (const result of [otherName, strange]) {
      expect(result).toMatchObject({ outcome: 'not_accepted', handling: 'config', attempt: { fault: 'tls' } });
    }
    expect(requests).toBe(1);
  });
});
