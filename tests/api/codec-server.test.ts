import fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { registerCodecServer, type CodecServerOptions } from '../../api/codec-server.ts';
import { parseKeyRing } from '../../worker/key-ring.ts';
import { createPayloadCodec } from '../../worker/payload-codec.ts';

const UI = 'http://127.0.0.1:8233';
const codec = createPayloadCodec(parseKeyRing(`k1:${Buffer.alloc(32, 1).toString('base64')}`));
const CLEAR = { metadata: { encoding: b64('json/plain') }, data: b64('"hello"') };

let app: FastifyInstance | undefined;
afterEach(async () => app?.close());

function b64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function serve(overrides: Partial<CodecServerOptions> = {}): { app: FastifyInstance; accesses: unknown[] } {
  const accesses: unknown[] = [];
  app = fastify();
  registerCodecServer(app, {
    codec,
    allowedOrigins: [UI],
    authorize: async (authorization) => (authorization === 'Bearer admin' ? { actor: 'user:1' } : null),
    onAccess: async (access) => void accesses.push(access),
    ...overrides,
  });
  return { app, accesses };
}

const asAdmin = { authorization: 'Bearer admin', 'x-namespace': 'default' };

describe('codec server', () => {
  it('gives back in clear what was encrypted, and keeps track of who read it', async () => {
    const { app, accesses } = serve();
    const encoded = await app.inject({
      method: 'POST',
      url: '/codec/encode',
      headers: asAdmin,
      payload: { payloads: [CLEAR] },
    });
    expect(encoded.body).not.toContain(CLEAR.data);
    const decoded = await app.inject({
      method: 'POST',
      url: '/codec/decode',
      headers: asAdmin,
      payload: encoded.json(),
    });
    expect(decoded.json()).toEqual({ payloads: [CLEAR] });
    expect(accesses).toEqual([
      { actor: 'user:1', namespace: 'default', operation: 'encode', payloads: 1 },
      { actor: 'user:1', namespace: 'default', operation: 'decode', payloads: 1 },
    ]);
  });

  it('shows nothing to somebody who is not allowed', async () => {
    const { app, accesses } = serve();
    const answer = await app.inject({ method: 'POST', url: '/codec/decode', payload: { payloads: [CLEAR] } });
    expect(answer.statusCode).toBe(401);
    expect(accesses).toEqual([]);
  });

  it('lets pages of the Temporal UI read the answer, and those of nobody else', async () => {
    const { app } = serve();
    const preflight = (origin: string) => app.inject({ method: 'OPTIONS', url: '/codec/decode', headers: { origin } });
    expect((await preflight(UI)).headers['access-control-allow-origin']).toBe(UI);
    expect((await preflight('https://evil.example')).headers['access-control-allow-origin']).toBeUndefined();
  });

  it('says so where a payload was tampered with or its key is gone', async () => {
    const { app } = serve();
    const encoded = await app.inject({
      method: 'POST',
      url: '/codec/encode',
      headers: asAdmin,
      payload: { payloads: [CLEAR] },
    });
    const [payload] = encoded.json<{ payloads: { metadata: Record<string, string>; data: string }[] }>().payloads;
    const other = { ...payload, metadata: { ...payload?.metadata, 'encryption-key-id': b64('gone') } };
    const answer = await app.inject({
      method: 'POST',
      url: '/codec/decode',
      headers: asAdmin,
      payload: { payloads: [other] },
    });
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain('not on the key ring');
  });

  it('refuses what is no list of payloads', async () => {
    const { app } = serve();
    const answer = await app.inject({
      method: 'POST',
      url: '/codec/decode',
      headers: asAdmin,
      payload: { payloads: [{ data: '***' }] },
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('payloads.0.data');
  });
});
