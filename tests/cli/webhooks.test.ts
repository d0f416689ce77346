import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Webhook as StandardWebhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { TEST_KEYS } from '../support/world.ts';
import { wedsync } from './run-wedsync.ts';

let folder: string;
let db: TestDatabase;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wedsync-webhooks-'));
  db = await createTestDatabase();
  await db.query(
    `with o as (insert into app.organizations (name, slug) values ('Alder and Finch', 'alder') returning id),
          c as (insert into app.clients (organization_id, external_id, partner_1_name, status)
                select id, 'c-1', 'Ana', 'booked' from o returning organization_id, id)
     insert into app.client_contacts (organization_id, client_id, contact_type, contact_value)
     select organization_id, id, 'email', 'ana@example.com' from c`,
  );
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await db?.close();
});

const run = async (...args: string[]) => {
  const env = { DATABASE_URL: db.adminUrl, WEDSYNC_ENCRYPTION_KEYS: TEST_KEYS };
  const { code, stdout, stderr } = await wedsync([...args, '--organization', 'alder'], { env });
  return { code, stdout, stderr };
};
const json = async <T>(...args: string[]): Promise<T> => {
  const { stdout, stderr } = await run(...args, '--json');
  expect(stderr).toBe('');
  return JSON.parse(stdout) as T;
};
function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('wedsync webhooks', () => {
  test('an endpoint is made, shown, tried, rotated, switched off and on', async () => {
    const made = await run(
      'webhooks',
      'create',
      '--name',
      'crm',
      '--url',
      'https://example.com/hooks',
      '--events',
      'step.done,journey.completed',
    );
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/Check its signatures with: whsec_/) });
    const [listed] = await json<{ id: string; url: string; isActive: boolean }[]>('webhooks', 'list');
    expect(listed).toMatchObject({
      name: 'crm',
      url: 'https://example.com/hooks',
      events: ['step.done', 'journey.completed'],
      isActive: true,
    });
    expect(await json('webhooks', 'change', 'crm', '--url', 'https://example.com/new', '--ordered')).toMatchObject({
      url: 'https://example.com/new',
      events: ['step.done', 'journey.completed'],
      isOrdered: true,
    });
    expect(await run('webhooks', 'change', 'crm', '--url', 'https://10.0.0.1/')).toMatchObject({ code: 2 });
    const { deliveryId } = await json<{ deliveryId: string }>('webhooks', 'test', 'crm');
    expect(await json('webhooks', 'deliveries', '--webhook', 'crm')).toMatchObject([
      { id: deliveryId, eventType: 'webhook.test', status: 'pending' },
    ]);
    expect((await run('webhooks', 'deliveries', deliveryId)).stdout).toContain('No attempt yet');
    expect((await run('webhooks', 'rotate-secret', 'crm', '--overlap', '2')).stdout).toMatch(/whsec_.*\n.*good until/);
    expect((await run('webhooks', 'off', 'crm')).stdout).toContain('"crm" is off.');
    expect((await run('webhooks', 'list')).stdout).toContain('off: Switched off by a person.');
    expect((await run('webhooks', 'on', 'crm')).stdout).toContain('Replay what it missed');
    expect((await run('webhooks', 'replay', deliveryId)).stdout).toBe('1 delivery is sent again.\n');
    expect((await run('webhooks', 'replay', '--since', '2026-01-01T00:00:00Z')).stdout).toContain('0 deliveries');
  });

  test('an endpoint is removed with its secret, its deliveries stay, and it comes back with a new one', async () => {
    const made = await json<{ id: string; verifyWith: string }>(
      'webhooks',
      'create',
      '--name',
      'old crm',
      '--url',
      'https://example.com/old',
      '--header',
      'X-Key: word',
    );
    await run('webhooks', 'test', 'old crm');
    const removed = await run('webhooks', 'remove', 'old crm');
    expect(removed).toMatchObject({ code: 0, stdout: expect.stringContaining('What waited for it is cancelled (1).') });
    expect(removed.stdout).toContain(`wedsync webhooks restore ${made.id}`);
    const secrets = () =>
      db.query(`select secret_ciphertext = '' and headers_ciphertext is null as gone from app.webhooks where id = $1`, [
        made.id,
      ]);
    expect(await secrets()).toEqual([{ gone: true }]);
    expect((await run('webhooks', 'list', '--removed')).stdout).toContain('off: Removed by a person.');
    expect(await json('webhooks', 'deliveries', '--webhook', 'old crm')).toMatchObject([
      { status: 'cancelled', lastError: 'The endpoint was removed.' },
    ]);
    expect(await run('webhooks', 'on', 'old crm')).toMatchObject({ code: 2 });
    // Its name is free for another, which is in its way then.
    await json('webhooks', 'create', '--name', 'old crm', '--url', 'https://example.com/second');
    expect((await run('webhooks', 'restore', made.id)).stderr).toContain('There is another endpoint "old crm" now.');
    await run('webhooks', 'remove', 'old crm');
    const back = await json<{ verifyWith: string }>('webhooks', 'restore', made.id);
    expect(back).toMatchObject({ id: made.id, isActive: true, url: 'https://example.com/old' });
    expect(back.verifyWith).toMatch(/^whsec_/);
    expect(back.verifyWith).not.toBe(made.verifyWith);
  });

  test('a key pair shows its public half only', async () => {
    const made = await json<{ verifyWith: string }>(
      'webhooks',
      'create',
      '--name',
      'pair',
      '--url',
      'https://example.com/',
      '--signature',
      'ed25519',
    );
    expect(made.verifyWith).toMatch(/^whpk_/);
  });

  test.each([
    [['create', '--name', 'x', '--url', 'https://127.0.0.1/', '--events', 'step.dones'], '"step.dones" is no event'],
    [['test', 'nobody'], 'There is no endpoint "nobody"'],
    [['replay'], 'Say what to replay'],
  ])('%j is refused with what to do', async (args, message) => {
    const { code, stderr } = await run('webhooks', ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  test('verify checks a signature as a receiver does, without a database', async () => {
    const secret = `whsec_${Buffer.alloc(32, 3).toString('base64')}`;
    const body = '{"type":"step.done"}';
    const seconds = Math.floor(Date.now() / 1_000);
    const signature = new StandardWebhook(secret).sign('msg_1', new Date(seconds * 1_000), body);
    const check = (path: string, ...more: string[]) =>
      wedsync([
        'webhooks',
        'verify',
        path,
        '--key',
        secret,
        '--id',
        'msg_1',
        '--timestamp',
        String(seconds),
        '--signature',
        signature,
        ...more,
      ]);
    expect(await check(file('good.json', body))).toMatchObject({ code: 0, stdout: 'The signature is good.\n' });
    expect(await check(file('bad.json', `${body} `))).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('No signature fits'),
    });
    expect(await check(join(folder, 'missing.json'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('cannot be read'),
    });
  });
});

describe('wedsync events', () => {
  test('send tells a couple’s journeys, once for each key, and list shows it', async () => {
    const send = () =>
      json('events', 'send', 'tasting.booked', '--client', 'ana@example.com', '--with', '{"menu":"B"}', '--key', 'k1');
    expect(await send()).toMatchObject({ ok: true, isNew: true });
    expect(await send()).toMatchObject({ ok: true, isNew: false });
    const events = await json<{ name: string; data: unknown }[]>('events', 'list', '--client', 'c-1');
    expect(events.filter(({ name }) => name === 'tasting.booked')).toMatchObject([
      { data: { menu: 'B' }, source: 'api' },
    ]);
  });

  test('one of our own events cannot be sent: whoever wants it changes the row', async () => {
    const { code, stderr } = await run('events', 'send', 'payment.succeeded', '--client', 'c-1');
    expect([code, stderr]).toEqual([2, expect.stringContaining('one of our own events')]);
  });

  test('a mapping is tried on a sample, an address is opened with it, and what failed is replayed', async () => {
    const mapping = file(
      'mapping.yaml',
      `rules:\n  - do: event\n    name: tasting.booked\n    client: { externalId: { path: /id } }\n    data: { menu: { path: /menu } }\n`,
    );
    const tried = await wedsync(['events', 'map', mapping, file('sample.json', '{"id":"c-1","menu":"A"}')]);
    expect(JSON.parse(tried.stdout)).toMatchObject({
      kind: 'changes',
      changes: [{ name: 'tasting.booked', data: { menu: 'A' } }],
    });
    expect(await wedsync(['events', 'map', mapping, file('none.json', '{}')])).toMatchObject({ code: 1 });
    expect(
      await wedsync(['events', 'map', file('bad.yaml', 'rules: [{ do: sql }]'), file('any.json', '{}')]),
    ).toMatchObject({ code: 2, stderr: expect.stringContaining('is no mapping') });
    const opened = await json<{ id: string; path: string }>(
      'events',
      'listen',
      '--name',
      'crm',
      '--provider',
      'token',
      '--secret',
      'word',
      '--mapping',
      mapping,
    );
    expect(opened.path).toMatch(/^\/hooks\/[\w-]{43}$/);
    await db.query(
      `insert into app.webhook_events (organization_id, endpoint_id, source_system, external_event_id, payload, status, signature_verified, last_error)
       select organization_id, id, 'custom', id || ':1', '{}', 'failed', true, 'no mapping' from app.inbound_endpoints where id = $1`,
      [opened.id],
    );
    expect((await run('events', 'list', '--status', 'failed')).stdout).toContain('no mapping');
    expect(await json('events', 'addresses')).toMatchObject([
      { name: 'crm', provider: 'token', isActive: true, hasMapping: true, received: 1, failed: 1 },
    ]);
    const onKept = await wedsync(['events', 'map', mapping, '--address', 'crm', '--organization', 'alder'], {
      env: { DATABASE_URL: db.adminUrl },
    });
    expect([onKept.code, JSON.parse(onKept.stdout)]).toMatchObject([1, [{ kind: 'problems' }]]);
    expect((await run('events', 'change', 'crm', '--mapping', mapping, '--renew')).stdout).toMatch(
      /"crm" is changed\. Its new address .*\/hooks\/[\w-]{43}\n/,
    );
    expect(await run('events', 'change', 'crn', '--off')).toMatchObject({
      code: 2,
      stderr: 'wedsync: There is no address "crn". There is: crm.\n',
    });
    expect((await run('events', 'replay', '--address', 'crm')).stdout).toBe('1 event is processed again.\n');
    await db.query(
      `insert into app.webhook_events (organization_id, source_system, external_event_id, event_type, payload, status,
         raw_body, headers, signature_verified)
       select id, 'email', 'kept-1', 'postmark', '{}', 'failed', '{}', '{":path": "/receipts/postmark/x"}', true
       from app.organizations where slug = 'alder'`,
    );
    expect((await run('events', 'replay')).stdout).toBe(
      '0 events are processed again.\n1 report of postmark passed over: set WEDSYNC_PUBLIC_URL and POSTMARK_BASIC_AUTH as the API has them.\n',
    );
  });

  test('what was refused says why when it is shown, and why it cannot be replayed', async () => {
    const kept = async (source: string, external: string, raw: string | null, headers: object) => {
      const [row] = await db.query<{ id: string }>(
        `insert into app.webhook_events (organization_id, source_system, external_event_id, event_type, payload, status,
           last_error, raw_body, headers)
         select id, $1, $2, 'postmark', '{}', 'failed', 'The reason.', $3, $4 from app.organizations where slug = 'alder'
         returning id`,
        [source, external, raw === null ? null : Buffer.from(raw), JSON.stringify(headers)],
      );
      return row?.id ?? '';
    };
    const large = await kept('email', 'large', null, { ':path': '/receipts/x', 'content-length': '2000000' });
    const report = await kept('email', 'report', '{"a":1}', { ':path': '/receipts/postmark/x' });
    expect((await run('events', 'show', large)).stdout).toMatch(
      /Reason +The reason\.\nSize +2000000 bytes[^]*Its body was not kept\./,
    );
    expect((await run('events', 'show', report)).stdout).toContain('{"a":1}');
    expect(await run('events', 'replay', large)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('was not kept (The reason.)'),
    });
    expect(await run('events', 'replay', report)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('1 report of postmark passed over: set WEDSYNC_PUBLIC_URL'),
    });
    expect((await run('events', 'show', 'nothing')).stderr).toContain('There is no event "nothing"');
  });

  test('an account at Stripe belongs to one address of one organization', async () => {
    const listen = (name: string, ...more: string[]) =>
      run('events', 'listen', '--name', name, '--provider', 'stripe', '--secret', 'whsec_x', ...more);
    expect(await listen('first', '--account', 'acct_1Alder')).toMatchObject({ code: 0 });
    const again = await listen('second', '--account', 'acct_1Alder');
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('connected already')]);
    expect((await listen('third', '--account', 'alder')).stderr).toContain('such as acct_1NZ');
  });

  test('what is nobody’s yet is shown to whoever runs the platform', async () => {
    await db.query(
      `select app.keep_unclaimed_event('evt_1', 'charge.refunded', '{}', '', '{}', true, 'acct_late', true, 'nobody')`,
    );
    const { stdout } = await wedsync(['events', 'unclaimed', '--json'], { env: { DATABASE_URL: db.adminUrl } });
    expect(JSON.parse(stdout)).toMatchObject([
      { account: 'acct_late', eventType: 'charge.refunded', reason: 'nobody' },
    ]);
    const replay = (secrets: string) =>
      wedsync(['events', 'unclaimed', '--replay'], {
        env: { DATABASE_URL: db.adminUrl, STRIPE_WEBHOOK_SECRETS: secrets },
      });
    expect(await replay('')).toMatchObject({ code: 2, stderr: expect.stringContaining('STRIPE_WEBHOOK_SECRETS') });
    expect((await replay('whsec_x')).stdout).toBe(
      '0 taken now, 0 verified and waiting for their account to be connected, 0 still refused.\n',
    );
  });
});
