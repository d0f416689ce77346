import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { registerFormRoutes } from '../../api/forms/register-form-routes.ts';
import { createApi } from '../../api/server.ts';
import { openDatabase } from '../../db/database.ts';
import { formLinkToken } from '../../db/forms.ts';
import { withTenant } from '../../db/tenant.ts';
import { publishForm } from '../../services/forms/publish-form.ts';
import { createLog } from '../../worker/create-log.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createOrganization } from '../webhooks/endpoint.ts';

const QUESTIONNAIRE = {
  title: 'Your wedding day',
  intro: 'A few questions, so that nothing is missed.',
  thanks: 'Lovely, we have everything.',
  fields: [
    { key: 'contact_email', label: 'Email', type: 'email', required: true },
    { key: 'ceremony', label: 'When does the ceremony begin?', type: 'time', core: 'ceremony_time' },
    { key: 'guests', label: 'How many guests?', type: 'number', min: 0, max: 500, core: 'guest_count' },
    { key: 'package', label: 'Package', type: 'choice', options: ['Half day', 'Full day'], required: true },
    { key: 'extras', label: 'Extras', type: 'choices', options: ['Album', 'Drone'] },
    { key: 'notes', label: 'Anything else?', type: 'long_text' },
    { key: 'moved', label: 'New date, if it moved', type: 'date', core: 'wedding_date' },
    { key: 'sign', label: 'Your name', type: 'signature', statement: 'I agree to the terms.', required: true },
  ],
};

let db: TestDatabase;
let app: FastifyInstance;
let clock = new Date('2026-11-20T10:00:00Z');
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  clock = new Date('2026-11-20T10:00:00Z');
  // As it is behind a proxy on this machine; requests of these tests come from 127.0.0.1.
  app = createApi({ version: 'test', readiness: {}, links: {}, trustedProxies: ['127.0.0.1/32'] });
  await registerFormRoutes(app, { database: db.api, now: () => clock });
});

async function createForm() {
  const organizationId = await createOrganization(db);
  const [client] = await db.query<{ id: string }>(
    `insert into app.clients (organization_id, partner_1_name, status, wedding_date, guest_count)
     values ($1, 'Ana', 'booked', '2027-06-12', 80) returning id`,
    [organizationId],
  );
  const clientId = client?.id ?? '';
  const token = await withTenant(db.api, { organizationId, actor: 'test' }, async (trx) => {
    expect(await publishForm(trx, 'questionnaire', QUESTIONNAIRE)).toMatchObject({ ok: true, version: 1 });
    return formLinkToken(trx, 'questionnaire', clientId);
  });
  const url = `/f/${token}`;
  return {
    organizationId,
    clientId,
    url,
    get: (query = '') => app.inject({ method: 'GET', url: url + query }),
    post: (fields: [string, string][], headers: Record<string, string> = {}) =>
      app.inject({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': 'Safari', ...headers },
        payload: new URLSearchParams(fields).toString(),
      }),
  };
}

const complete: [string, string][] = [
  ['contact_email', ' Ana@Example.com '],
  ['ceremony', '14:30'],
  ['guests', '120'],
  ['package', 'Full day'],
  ['extras', 'Album'],
  ['extras', 'Drone'],
  ['notes', 'Two dogs.\nOne cat.'],
  ['sign', 'Ana Lopez'],
];
const submissions = (clientId: string) =>
  db.query<{ status: string; answers: Record<string, unknown>; form_version_id: string }>(
    `select status, answers, form_version_id from app.form_submissions where client_id = $1 order by created_at`,
    [clientId],
  );
const told = (clientId: string) =>
  db.query(`select details from app.outbox where client_id = $1 and event = 'form.submitted'`, [clientId]);

describe('a couple’s form', () => {
  test('shows its questions, filled with what is known already, and asks nothing of another origin', async () => {
    const page = await (await createForm()).get();
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'nonce-[^']+'; form-action 'self'/,
    );
    expect(page.body).toContain('Your wedding day');
    expect(page.body).toMatch(/<input\s+id="f-guests"\s+name="guests"\s+value="80"/);
    expect(page.body).toMatch(/name="moved"\s+value="2027-06-12"/);
    expect(page.body).not.toMatch(/<script|https?:\/\/(?!")/);
  });

  test('takes the answers in their types, tells the journeys once, and fills the common fields', async () => {
    const form = await createForm();
    const sent = await form.post(complete);
    expect([sent.statusCode, sent.headers.location]).toEqual([303, form.url]);
    expect(await submissions(form.clientId)).toMatchObject([
      {
        status: 'submitted',
        answers: {
          contact_email: 'ana@example.com',
          ceremony: '14:30',
          guests: 120,
          package: 'Full day',
          extras: ['Album', 'Drone'],
          notes: 'Two dogs.\nOne cat.',
          sign: {
            name: 'Ana Lopez',
            statement: 'I agree to the terms.',
            signedAt: '2026-11-20T10:00:00.000Z',
            address: '127.0.0.1',
            browser: 'Safari',
          },
        },
      },
    ]);
    expect(await told(form.clientId)).toEqual([{ details: { form: 'questionnaire' } }]);
    const [client] = await db.query(
      `select guest_count, wedding_time::text, wedding_date::text from app.clients where id = $1`,
      [form.clientId],
    );
    expect(client).toEqual({ guest_count: 120, wedding_time: '14:30:00', wedding_date: '2027-06-12' });
    const thanks = await form.get();
    expect(thanks.body).toContain('Lovely, we have everything.');
    expect(thanks.body).not.toContain('<form');
  });

  test('sent twice, at once or again, is one submission', async () => {
    const form = await createForm();
    const answers = await Promise.all([form.post(complete), form.post(complete), form.post(complete)]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([303, 303, 303]);
    await form.post(complete.map(([name]): [string, string] => [name, 'changed']));
    expect(await submissions(form.clientId)).toMatchObject([{ answers: { package: 'Full day' } }]);
    expect(await told(form.clientId)).toHaveLength(1);
  });

  test('keeps a draft, which tells nobody, and goes on from there', async () => {
    const form = await createForm();
    const saved = await form.post([
      ['notes', 'So far'],
      ['_action', 'save'],
    ]);
    expect([saved.statusCode, saved.headers.location]).toEqual([303, `${form.url}?saved`]);
    expect(await told(form.clientId)).toEqual([]);
    const page = await form.get('?saved');
    expect(page.body).toContain('What you wrote is kept');
    expect(page.body).toMatch(/<textarea[^>]*name="notes"[^>]*>\s?So far<\/textarea/);
    await form.post(complete);
    expect(await submissions(form.clientId)).toHaveLength(1);
  });

  test('says at each question what is wrong, keeps what was typed, and sends nothing', async () => {
    const form = await createForm();
    const page = await form.post([
      ['contact_email', 'not an address'],
      ['guests', '9999'],
      ['notes', 'kept'],
      ['ceremony', '25:00'],
    ]);
    expect(page.statusCode).toBe(422);
    for (const message of [
      'not an email address',
      '500 or less',
      'not a time',
      'Please choose one',
      'type your name',
    ]) {
      expect(page.body).toContain(message);
    }
    expect(page.body).toContain('5 answers need a look');
    expect(page.body).toMatch(/value="not an address"[^>]*aria-invalid="true"/);
    expect(page.body).toContain('href="#f-contact_email"');
    expect(await submissions(form.clientId)).toMatchObject([{ status: 'draft', answers: { notes: 'kept' } }]);
    expect(await told(form.clientId)).toEqual([]);
  });

  test('with an answer that the common fields refuse says so at its question, and loses no other answer', async () => {
    const form = await createForm();
    const refused = await form.post([...complete, ['moved', '2250-01-01']]);
    expect(refused.statusCode).toBe(422);
    expect(refused.body).toContain('The wedding must be between 1990 and 2199.');
    expect(refused.body).toContain('Two dogs.');
    expect(await submissions(form.clientId)).toMatchObject([
      { status: 'draft', answers: { notes: 'Two dogs.\nOne cat.' } },
    ]);
    expect(await told(form.clientId)).toEqual([]);
    const before = `select guest_count, wedding_date::text from app.clients where id = $1`;
    expect(await db.query(before, [form.clientId])).toEqual([{ guest_count: 80, wedding_date: '2027-06-12' }]);
    expect((await form.post([...complete, ['moved', '2027-06-19']])).statusCode).toBe(303);
    expect(await db.query(before, [form.clientId])).toEqual([{ guest_count: 120, wedding_date: '2027-06-19' }]);
  });

  test('for which the subscription has no room is saved, and the couple is told what to do', async () => {
    const form = await createForm();
    const limit = (most: number | null) =>
      db.query(`update app.organizations set max_submissions = $2 where id = $1`, [form.organizationId, most]);
    await limit(0);
    const refused = await form.post(complete);
    expect([refused.statusCode, refused.body]).toEqual([503, expect.stringContaining('saved, but not sent yet')]);
    expect(await submissions(form.clientId)).toMatchObject([{ status: 'draft', answers: { guests: 120 } }]);
    expect(await told(form.clientId)).toEqual([]);
    await limit(null);
    expect((await form.post(complete)).statusCode).toBe(303);
    expect(await submissions(form.clientId)).toMatchObject([{ status: 'submitted' }]);
  });

  test('stays with the version it was begun with, also when a new one is published meanwhile', async () => {
    const form = await createForm();
    await form.post([
      ['notes', 'begun'],
      ['_action', 'save'],
    ]);
    await withTenant(db.api, { organizationId: form.organizationId, actor: 'test' }, (trx) =>
      publishForm(trx, 'questionnaire', { title: 'Shorter', fields: [{ key: 'song', label: 'Song', type: 'text' }] }),
    );
    expect((await form.get()).body).toContain('Your wedding day');
    await form.post(complete);
    const [version] = await db.query(
      `select v.version from app.form_submissions s join app.form_versions v on v.id = s.form_version_id where s.client_id = $1`,
      [form.clientId],
    );
    expect(version).toEqual({ version: 1 });
  });
});

describe('a hostile post', () => {
  const XSS = `"><script>alert(1)</script>`;

  test('with a script in every field shows it as text', async () => {
    const form = await createForm();
    const page = await form.post(QUESTIONNAIRE.fields.map(({ key }): [string, string] => [key, XSS]));
    expect(page.statusCode).toBe(422);
    expect(page.body).not.toContain('<script');
    expect(page.body).toContain('&lt;script&gt;');
    await form.post(
      complete.map(([name, value]): [string, string] => [name, name === 'notes' || name === 'sign' ? XSS : value]),
    );
    const sent = await form.get();
    expect(sent.body).not.toContain('<script');
    expect(sent.body).toContain('&lt;script&gt;');
  });

  test('of 10 MB, of JSON, or of files is refused with a page that says so', async () => {
    const form = await createForm();
    const huge = await form.post([['notes', 'x'.repeat(10_000_000)]]);
    expect([huge.statusCode, huge.body.includes('256 KB')]).toEqual([413, true]);
    for (const type of ['application/json', 'multipart/form-data; boundary=x', 'text/plain']) {
      const other = await app.inject({
        method: 'POST',
        url: form.url,
        headers: { 'content-type': type },
        payload: '{}',
      });
      expect([other.statusCode, other.body.includes('not sent as a form')]).toEqual([415, true]);
    }
    expect(await submissions(form.clientId)).toEqual([]);
  });

  test('with wrong types, repeated fields, control characters or fields that are not there changes only what is right', async () => {
    const form = await createForm();
    const page = await form.post([
      ['contact_email', 'a@example.com'],
      ['contact_email', 'b@example.com'],
      ['package', 'Everything'],
      ['extras', 'Album'],
      ['extras', 'Helicopter'],
      ['notes', 'a\0b'],
      ['guests', '1e3'],
      ['sign', 'Ana'],
      ['organization_id', '00000000-0000-4000-8000-000000000000'],
      ['client_id', '00000000-0000-4000-8000-000000000000'],
      ['status', 'submitted'],
      ['__proto__', 'x'],
      ['constructor', 'x'],
    ]);
    expect(page.statusCode).toBe(422);
    const [kept] = await submissions(form.clientId);
    expect(kept?.status).toBe('draft');
    expect(Object.keys(kept?.answers ?? {})).toEqual(['sign']);
  });

  test('by a link of another couple, a guessed one or a withdrawn one reaches nothing', async () => {
    const [form, other] = [await createForm(), await createForm()];
    const guessed = await app.inject({ method: 'GET', url: `/f/${'0'.repeat(64)}` });
    const odd = await app.inject({ method: 'GET', url: `/f/x' or 1=1` });
    expect([guessed.statusCode, odd.statusCode]).toEqual([404, 404]);
    await form.post(complete);
    expect(await submissions(other.clientId)).toEqual([]);
    await db.query(`update app.form_links set revoked_at = now() where client_id = $1`, [other.clientId]);
    expect((await other.post(complete)).statusCode).toBe(404);
    expect(await submissions(other.clientId)).toEqual([]);
  });

  test('a thousand times a minute is slowed down, and an honest couple beside it loses nothing', async () => {
    const [attacked, honest] = [await createForm(), await createForm()];
    const statuses: number[] = [];
    for (let count = 0; count < 1_000; count += 1) {
      const answer = await attacked.post(
        [
          ['notes', String(count)],
          ['_action', 'save'],
        ],
        { 'x-forwarded-for': '198.51.100.7' },
      );
      statuses.push(answer.statusCode);
    }
    expect(statuses.filter((status) => status === 303)).toHaveLength(30);
    expect(statuses.filter((status) => status === 429)).toHaveLength(970);
    const sent = await honest.post(complete, { 'x-forwarded-for': '203.0.113.9' });
    expect(sent.statusCode).toBe(303);
    expect(await submissions(honest.clientId)).toMatchObject([{ status: 'submitted' }]);
    clock = new Date(clock.getTime() + 60_000);
    expect((await attacked.post(complete, { 'x-forwarded-for': '203.0.113.10' })).statusCode).toBe(303);
  });
});

test('while the database is away the couple is told to try again, and the log knows no link', async () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => void lines.push(line) });
  const away = openDatabase({ url: 'postgres://app_api@127.0.0.1:9/none', poolSize: 1, applicationName: 'test' });
  app = createApi({ version: 'test', readiness: {}, links: {}, log });
  await registerFormRoutes(app, { database: away, now: () => clock });
  const page = await app.inject({ url: `/f/${'a'.repeat(64)}` });
  expect(page.statusCode).toBe(503);
  expect(page.body).toContain('Nothing was changed. Please try again');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('"route":"/f/:token"');
  expect(lines[0]).not.toContain('aaaa');
  await away.close();
});

test('a signature has the address of who signed: a proxy is believed only where it was named', async () => {
  const signedFrom = async (): Promise<unknown> => {
    const form = await createForm();
    await form.post(complete, { 'x-forwarded-for': '203.0.113.9' });
    const [submission] = await submissions(form.clientId);
    return submission?.answers['sign'];
  };
  expect(await signedFrom()).toMatchObject({ address: '203.0.113.9', signedAt: clock.toISOString() });
  app = createApi({ version: 'test', readiness: {}, links: {}, trustedProxies: ['10.0.0.0/8'] });
  await registerFormRoutes(app, { database: db.api, now: () => clock });
  expect(await signedFrom()).toMatchObject({ address: '127.0.0.1' });
});

test('a definition that cannot be answered is not published, and every fault is named', async () => {
  const organizationId = await createOrganization(db);
  const publish = (definition: unknown) =>
    withTenant(db.api, { organizationId, actor: 'test' }, (trx) => publishForm(trx, 'bad', definition));
  const field = { key: 'a', label: 'A', type: 'text' };
  const cases: [unknown, string][] = [
    [{ title: 'x', fields: [] }, 'fields'],
    [{ title: 'x', fields: [field, field] }, 'fields.1.key'],
    [{ title: 'x', fields: [{ ...field, type: 'choice' }] }, 'fields.0.options'],
    [{ title: 'x', fields: [{ ...field, type: 'signature' }] }, 'fields.0.statement'],
    [{ title: 'x', fields: [{ ...field, key: '__proto__' }] }, 'fields.0.key'],
    [{ title: 'x', fields: [{ ...field, min: 3 }] }, 'fields.0.min'],
    [{ title: 'x', fields: [{ ...field, html: '<b>' }] }, 'fields.0'],
  ];
  for (const [definition, path] of cases) {
    expect(await publish(definition)).toMatchObject({
      ok: false,
      problems: expect.arrayContaining([expect.objectContaining({ path })]),
    });
  }
});
