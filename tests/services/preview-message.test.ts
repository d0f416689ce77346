import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createStatusReader } from '../../api/status-page/read.ts';
import { createTemplateRenderer } from '../../channels/template-renderer.ts';
import { withTenant } from '../../db/tenant.ts';
import { previewMessage, type PreviewQuestion, type PreviewResult } from '../../services/messages/preview-message.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createSupplier, type Supplier } from '../support/world.ts';

const renderer = createTemplateRenderer();
let db: TestDatabase;
let supplier: Supplier;
let clientId: string;
beforeAll(async () => {
  db = await createTestDatabase();
  supplier = await createSupplier(db, [
    {
      schema: 1,
      name: 'Balance',
      starts: { on: 'manual' },
      steps: [{ key: 'balance', type: 'email', when: { anchor: 'payment_due:balance' }, template: 'balance' }],
    },
  ]);
  clientId = await supplier.book({ name: 'Ana <b>Lopez', email: 'ana@example.com' });
  await db.query(
    `insert into app.client_contacts (organization_id, client_id, role, name, contact_type, contact_value, locale)
     values ($1, $2, 'partner_2', 'Ben Hill', 'email', 'ben@example.com', 'de-AT')`,
    [supplier.organizationId, clientId],
  );
  for (const [kind, amount] of [
    ['deposit', 50_000],
    ['balance', 145_000],
  ]) {
    await db.query(
      `insert into app.payments (organization_id, client_id, kind, amount, currency, due_on)
       values ($1, $2, $3, $4, 'GBP', '2027-05-01')`,
      [supplier.organizationId, clientId, kind, amount],
    );
  }
  await template('hello', 'en-GB', "<p>Hello {{ recipient.firstName }}</p>{% render 'signature' %}");
  await template('hello', 'de', "<p>Hallo {{ recipient.firstName }}</p>{% render 'signature' %}");
  await template('signature', 'en-GB', '<p>Warmly</p>', 'part');
  await template('signature', 'de', '<p>Herzlich</p>', 'part');
  await template('balance', 'en-GB', '<p>{{ payment.amount }}</p><img src="https://example.com/a.png" alt="A cheque">');
  await template('venue', 'en-GB', '<p>{{ wedding.venue }}</p>');
  await template('hostile', 'en-GB', '{% assign a = "0123456789" %}' + '{% assign a = a | append: a %}'.repeat(40));
});
afterAll(async () => {
  await renderer.close();
  await db?.close();
});

const template = (name: string, locale: string, body: string, type = 'journey'): Promise<unknown> =>
  db.query(
    `insert into app.communication_templates
       (organization_id, name, template_type, channel, locale, subject_template, content_template, html_template)
     values ($1, $2, $3, 'email', $4, $5, $6, $6)`,
    [supplier.organizationId, name, type, locale, type === 'part' ? null : name, body],
  );

const preview = (question: Omit<PreviewQuestion, 'client' | 'channel'> & { client?: string }): Promise<PreviewResult> =>
  withTenant(db.api, { organizationId: supplier.organizationId, actor: 'test' }, (trx) =>
    previewMessage(
      trx,
      { renderer, publicUrl: 'https://go.example.com' },
      { client: clientId, channel: 'email', ...question },
    ),
  );

describe('the preview of a message for a couple', () => {
  test('is what its first person would get, and a name is never HTML', async () => {
    expect(await preview({ template: 'hello' })).toMatchObject({
      ok: true,
      preview: {
        to: { role: 'partner_1', address: 'ana@example.com' },
        locale: 'en-GB',
        html: '<p>Hello Ana</p><p>Warmly</p>',
        text: 'Hello Ana\n\nWarmly',
      },
    });
  });

  test("is in the other one's language, parts included, with the nearest there is", async () => {
    expect(await preview({ template: 'hello', role: 'partner_2' })).toMatchObject({
      ok: true,
      preview: { to: { address: 'ben@example.com' }, locale: 'de', html: '<p>Hallo Ben</p><p>Herzlich</p>' },
    });
    expect(await preview({ template: 'hello', locale: 'de-CH' })).toMatchObject({ preview: { locale: 'de' } });
    expect(await preview({ template: 'hello', locale: 'fr' })).toMatchObject({ preview: { locale: 'en-GB' } });
  });

  test('finds the couple by an address, and means the payment that the step means', async () => {
    const result = await preview({ template: 'balance', client: 'ANA@example.com' });
    expect(result).toMatchObject({ ok: true, preview: { text: '£1,450.00' } });
    expect(result.ok && result.preview.withoutPictures).toContain('A cheque');
  });

  test('names what this couple has no value for', async () => {
    expect(await preview({ template: 'venue' })).toMatchObject({
      ok: false,
      code: 'missing_variables',
      missing: ['wedding.venue'],
    });
  });

  test('of a template that never ends says so, and nothing else suffers', async () => {
    expect(await preview({ template: 'hostile' })).toMatchObject({ ok: false, code: 'too_expensive' });
    expect(await preview({ template: 'hello' })).toMatchObject({ ok: true });
  });

  test('shows words that are not published yet', async () => {
    const draft = {
      channel: 'email',
      subject: 'New',
      body: '<p>{{ client.coupleName }}</p>',
      attachments: [],
    } as const;
    expect(await preview({ template: 'new_one', draft })).toMatchObject({ preview: { text: 'Ana & Ben' } });
  });

  test.each([
    [{ template: 'nothing' }, 'no_such_template'],
    [{ template: 'signature' }, 'no_such_template'],
    [{ template: 'hello', client: 'nobody@example.com' }, 'no_such_couple'],
    [{ template: 'hello', role: 'best_man' }, 'no_such_person'],
  ])('%j is refused as %s', async (question, code) => {
    expect(await preview(question)).toMatchObject({ ok: false, code });
  });

  test('is a page of the development set-up, beside what was written with the couple', async () => {
    const { organizationId } = supplier;
    await db.query(
      `insert into app.communications (organization_id, client_id, idempotency_key, type, direction, status, content)
       values ($1, $2, 'in', 'email', 'inbound', 'received', '<p>We <i>moved</i> the date</p>')`,
      [organizationId, clientId],
    );
    const listed = [{ id: organizationId, name: 'Wildflower', zone: 'Europe/London' }];
    const reader = createStatusReader(
      db.api,
      async () => listed,
      () => null,
      { renderer, publicUrl: 'https://go.example.com' },
    );
    const question = { channel: 'email', template: 'hello' } as const;
    expect(await reader.preview(organizationId, clientId, { ...question, role: 'partner_2' })).toMatchObject({
      couple: 'Ana <b>Lopez & Ben Hill',
      result: { ok: true, preview: { text: 'Hallo Ben\n\nHerzlich' } },
    });
    expect(await reader.conversation(organizationId, clientId)).toMatchObject({
      messages: [{ direction: 'inbound', who: 'the couple', text: 'We moved the date' }],
    });
    const other = await createSupplier(db, []);
    const theirs = await other.book({ email: 'theirs@example.com' });
    expect(await reader.preview(organizationId, theirs, question)).toBeNull();
    expect(await reader.conversation(organizationId, theirs)).toBeNull();
    expect(await reader.preview(other.organizationId, theirs, question)).toBeNull();
  });

  test("never shows another organization's couple", async () => {
    const other = await createSupplier(db, []);
    const theirs = await other.book({ email: 'theirs@example.com' });
    expect(await preview({ template: 'hello', client: theirs })).toMatchObject({ code: 'no_such_couple' });
  });
});
