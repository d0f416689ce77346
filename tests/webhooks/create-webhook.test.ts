import { afterAll, beforeAll, expect, test } from 'vitest';

import { openSecret } from '../../channels/webhook/sealed-secret.ts';
import { withTenant } from '../../db/tenant.ts';
import { sendEvent } from '../../services/inbound/send-event.ts';
import { createWebhook } from '../../services/webhooks/create-webhook.ts';
import { rotateWebhookSecret } from '../../services/webhooks/rotate-webhook-secret.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { testKeyRing } from '../support/temporal.ts';
import { createOrganization } from './endpoint.ts';

let db: TestDatabase;
let organizationId: string;
beforeAll(async () => {
  db = await createTestDatabase();
  organizationId = await createOrganization(db);
});
afterAll(() => db?.close());

const create = (input: Record<string, unknown>) =>
  withTenant(db.api, { organizationId, actor: 'test' }, (trx) =>
    createWebhook(
      trx,
      organizationId,
      { name: 'crm', url: 'https://example.com/', events: ['*'], ...input },
      { sealingKeys: testKeyRing },
    ),
  );

test.each([
  [{ url: 'http://example.com/' }, 'url', 'https only'],
  [{ url: 'https://127.0.0.1/' }, 'url', 'public Internet'],
  [{ url: 'https://[::ffff:10.0.0.1]/' }, 'url', 'private network'],
  [{ url: 'https://user:secret@example.com/' }, 'url', 'no user name or password'],
  [{ events: ['step.dones'] }, 'events.0', '"step.dones" is no event'],
  [{ events: [] }, 'events', 'expected'],
  [{ name: '' }, 'name', 'expected'],
  [{ headers: { Host: 'inner' } }, 'headers.Host', 'cannot be chosen'],
  [{ signature: 'md5' }, 'signature', 'hmac'],
])('%j is refused at %s', async (input, path, message) => {
  expect(await create(input)).toMatchObject({
    ok: false,
    problems: expect.arrayContaining([{ path, message: expect.stringContaining(message) }]),
  });
});

test('a secret is stored sealed, shown once, and another name is asked for where one is taken', async () => {
  const made = await create({ name: 'sealed', headers: { Authorization: 'Bearer x' } });
  if (!made.ok) throw new Error('expected an endpoint');
  const [row] = await db.query<{ secret: Buffer; headers: Buffer }>(
    `select secret_ciphertext as secret, headers_ciphertext as headers from app.webhooks where id = $1`,
    [made.webhook.id],
  );
  expect(row?.secret.includes(made.verifyWith)).toBe(false);
  expect(openSecret(row?.secret ?? Buffer.alloc(0), organizationId, testKeyRing)).toBe(made.verifyWith);
  expect(openSecret(row?.headers ?? Buffer.alloc(0), organizationId, testKeyRing)).toBe('{"authorization":"Bearer x"}');
  expect(JSON.stringify(made.webhook)).not.toContain('whsec_');
  expect(await create({ name: 'sealed' })).toMatchObject({ ok: false, problems: [{ path: 'name' }] });
});

test('a rotated secret keeps the old one for the overlap', async () => {
  const made = await create({ name: 'rotated' });
  if (!made.ok) throw new Error('expected an endpoint');
  const now = new Date('2026-11-20T10:00:00Z');
  const rotated = await withTenant(db.api, { organizationId, actor: 'test' }, (trx) =>
    rotateWebhookSecret(trx, organizationId, made.webhook, { sealingKeys: testKeyRing, now }),
  );
  expect(rotated.verifyWith).not.toBe(made.verifyWith);
  const [row] = await db.query<{ old: Buffer; until: Date }>(
    `select previous_secret_ciphertext as old, previous_secret_until as until from app.webhooks where id = $1`,
    [made.webhook.id],
  );
  expect(openSecret(row?.old ?? Buffer.alloc(0), organizationId, testKeyRing)).toBe(made.verifyWith);
  expect(row?.until).toEqual(new Date('2026-11-21T10:00:00Z'));
});

test.each([
  [{ client: 'c-1', name: 'payment.succeeded' }, 'reserved'],
  [{ client: 'c-1', name: 'Tasting!' }, 'invalid'],
  [{ client: 'nobody', name: 'tasting.booked' }, 'no_client'],
  [{ client: 'c-1', name: 'tasting.booked', at: 'yesterday' }, 'invalid'],
])('the event %j is not told: %s', async (event, code) => {
  const sent = await withTenant(db.api, { organizationId, actor: 'test' }, (trx) => sendEvent(trx, event));
  expect(sent).toMatchObject({ ok: false, code });
});
