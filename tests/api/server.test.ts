import { afterEach, describe, expect, it } from 'vitest';
import type { FastifyInstance } from 'fastify';
import { createApi, type ApiOptions } from '../../api/server.ts';
import type { StatusReader } from '../../api/status-page/read.ts';
import type { CoupleLine, OrganizationLine } from '../../api/status-page/view.ts';
import { createLog } from '../../worker/create-log.ts';

const ORGANIZATION: OrganizationLine = {
  id: '4a1f7c1e-7c39-4a53-9d5c-2f2f8f6f5a10',
  name: 'Wildflower & Co',
  zone: 'Europe/London',
};
const HOSTILE = '<img src=x onerror="alert(1)">';
const COUPLE: CoupleLine = {
  clientId: '9b8f5f2e-55a0-4b52-8a0c-5f0d1d3f1c11',
  couple: HOSTILE,
  status: 'booked',
  weddingOn: '2027-06-12',
  zone: null,
  journeys: [{ executionId: 'e1', name: 'Full day', status: 'active', next: 'email "Welcome"' }],
};
const reader: StatusReader = {
  organizations: async () => [ORGANIZATION],
  overview: async () => ({
    organization: ORGANIZATION,
    organizations: [ORGANIZATION],
    counts: { couples: 1, running: 1, sentToday: 0, attention: 0, planned: 0 },
    attention: [],
    team: [
      { kind: 'task', title: HOSTILE, text: 'Two lenses', at: 'Fri 11 Jun 2027 18:00', clientId: null, couple: null },
    ],
    next: [],
    sent: [],
    couples: [COUPLE],
  }),
  couple: async (_organizationId, clientId) =>
    clientId === COUPLE.clientId
      ? { organization: ORGANIZATION, couple: COUPLE, plans: [], notBegun: [], messages: [] }
      : null,
  conversation: async () => null,
  preview: async () => null,
};

let app: FastifyInstance | undefined;
afterEach(async () => app?.close());

async function get(
  path: string,
  options: Partial<ApiOptions> = {},
): Promise<{ status: number; body: string; headers: Record<string, unknown> }> {
  app = createApi({ version: '1.2.3', readiness: {}, links: {}, status: reader, ...options });
  const { statusCode, body, headers } = await app.inject({ url: path });
  return { status: statusCode, body, headers };
}

describe('health', () => {
  it('/healthz answers while the process lives', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, body: '{"status":"ok"}' });
  });

  it('/readyz is 200 when every check passes', async () => {
    expect(await get('/readyz', { readiness: { postgres: async () => {} } })).toMatchObject({
      status: 200,
      body: '{"status":"ready","checks":{"postgres":"ok"}}',
    });
  });

  it('/readyz is 503 and names what is not there', async () => {
    const readiness = { postgres: async () => {}, temporal: () => Promise.reject(new Error('nothing answers')) };
    expect(await get('/readyz', { readiness })).toMatchObject({
      status: 503,
      body: '{"status":"not_ready","checks":{"postgres":"ok","temporal":"nothing answers"}}',
    });
  });

  it('/version tells the version', async () => {
    expect(await get('/version')).toMatchObject({ status: 200, body: '{"version":"1.2.3"}' });
  });
});

describe('status page', () => {
  it('shows couples and their journeys', async () => {
    const { status, body } = await get('/');
    expect(status).toBe(200);
    expect(body).toContain('Full day');
    expect(body).toContain('2027-06-12');
    expect(body).toContain('Two lenses');
  });

  it('keeps HTML in a name inert, and allows no script but its own', async () => {
    for (const path of ['/', `/couples/${COUPLE.clientId}`]) {
      const { body, headers } = await get(path);
      expect(body).not.toContain(HOSTILE);
      expect(body).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;');
      expect(headers['content-security-policy']).toMatch(/default-src 'none'.*script-src 'nonce-[^']+'/);
      await app?.close();
    }
  });

  it('says that there is no such couple, whatever stands in the address', async () => {
    expect(await get('/couples/0d4d2e0c-7a61-4a55-8a55-1f7d0a6a9a00')).toMatchObject({ status: 404 });
    await app?.close();
    expect(await get('/couples/%27or%201=1')).toMatchObject({ status: 404 });
  });

  it('says what to do while there is no organization', async () => {
    const { body } = await get('/', { status: { ...reader, organizations: async () => [] } });
    expect(body).toContain('There is no organization yet');
  });

  it('is not served where people would have to sign in first', async () => {
    const { status, body } = await get('/', { status: undefined });
    expect(status).toBe(404);
    expect(body).toContain('npm run dev');
  });
});

describe('a request that fails', () => {
  async function ask(thrown: Error, path = '/secret-token-of-ana', body?: Buffer) {
    const lines: string[] = [];
    const log = createLog('info', { write: (line) => void lines.push(line) });
    app = createApi({ version: '1.2.3', readiness: {}, links: {}, log });
    app.all('/:token', () => Promise.reject(thrown));
    const headers = { 'content-type': 'application/json' };
    const answer = await app.inject({ url: path, ...(body === undefined ? {} : { method: 'POST', body, headers }) });
    return { answer, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>), text: lines.join('') };
  }

  it('is one line in the log, found by the id that the answer names, without a word of who asked for what', async () => {
    const refused = Object.assign(new Error('invalid input syntax for type date: "Ana Silva"'), {
      code: '22007',
      severity: 'ERROR',
      detail: 'Failing row contains (Ana Silva, ana@example.com).',
    });
    const { answer, lines, text } = await ask(refused);
    const { requestId, ...told } = answer.json<Record<string, unknown>>();
    expect(told).toMatchObject({ status: 500, code: 'internal' });
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.headers['x-request-id']).toBe(requestId);
    expect(lines).toMatchObject([{ level: 50, requestId, method: 'GET', route: '/:token', code: 'internal' }]);
    expect(text + answer.body).not.toMatch(/Ana|ana@|secret-token/);
  });

  it('because the database is away asks to be tried again', async () => {
    const { answer, lines } = await ask(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('5');
    expect(answer.json()).toMatchObject({ code: 'unavailable' });
    expect(lines).toHaveLength(1);
  });

  it('by the fault of who asked is told so, and is no line', async () => {
    for (const [body, code] of [
      [Buffer.alloc(2_000_000), 'too_large'],
      [Buffer.from('{'), 'bad_request'],
    ] as const) {
      const { answer, lines } = await ask(new Error('never thrown'), '/x', body);
      expect(answer.json()).toMatchObject({ code });
      expect(lines).toEqual([]);
      await app?.close();
    }
  });
});
