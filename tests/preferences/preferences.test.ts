import { randomUUID } from 'node:crypto';
import axe from 'axe-core';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { registerPreferenceRoutes } from '../../api/preferences/register-preference-routes.ts';
import { composeEmail } from '../../channels/compose-email.ts';
import { preferenceLinks } from '../../channels/preference-links.ts';
import { contactLinkToken } from '../../db/contact-links.ts';
import { withTenant } from '../../db/tenant.ts';
import { anEmail, SENDER } from '../channels/support/an-email.ts';
import { startBrowser } from '../support/browser.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
let app: FastifyInstance;
let url: string;
beforeAll(async () => {
  db = await createTestDatabase();
  app = fastify();
  await registerPreferenceRoutes(app, { database: db.api });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await app.close();
  await db.close();
});

let organizationId: string;
let token: string;
/** A couple whose first partner has an email address and a telephone; the link is that of the email. */
async function couple(locale: string | null = null): Promise<void> {
  organizationId = randomUUID();
  await db.query(`insert into app.organizations (id, name, slug) values ($1, 'Alder & <b>Finch</b>', $2)`, [
    organizationId,
    `o-${organizationId}`,
  ]);
  const [client] = await db.query<{ id: string }>(
    `insert into app.clients (organization_id, partner_1_name) values ($1, 'Niamh') returning id`,
    [organizationId],
  );
  const contact = async (type: string, value: string): Promise<string> => {
    const [row] = await db.query<{ id: string }>(
      `insert into app.client_contacts (organization_id, client_id, role, contact_type, contact_value, locale)
       values ($1, $2, 'partner_1', $3, $4, $5) returning id`,
      [organizationId, client?.id, type, value, locale],
    );
    return row?.id ?? '';
  };
  const email = await contact('email', 'niamh@example.com');
  await contact('phone', '+447700900100');
  token = await withTenant(db.worker, { organizationId, actor: 'worker' }, (trx) => contactLinkToken(trx, email));
}
beforeEach(() => couple());

const post = (path: string, body: string): Promise<Response> =>
  fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body });
const consents = (): Promise<object[]> =>
  db.query(
    'select channel, purpose, state, source from app.consents where organization_id = $1 order by channel, purpose, recorded_at',
    [organizationId],
  );
const suppressions = (): Promise<object[]> =>
  db.query('select channel, reason, purposes from app.suppressions where organization_id = $1', [organizationId]);

describe('one click', () => {
  it('stops advertising at this address and nothing else, without cookies and however often (RFC 8058)', async () => {
    for (let time = 0; time < 2; time += 1) {
      const answer = await post(`/u/${token}`, 'List-Unsubscribe=One-Click');
      expect(answer.status).toBe(200);
      expect(answer.headers.get('set-cookie')).toBeNull();
      expect(answer.redirected).toBe(false);
    }
    expect(await consents()).toEqual([
      { channel: 'email', purpose: 'marketing', state: 'withdrawn', source: 'one_click' },
    ]);
    expect(await suppressions()).toEqual([{ channel: 'email', reason: 'unsubscribe', purposes: ['marketing'] }]);
  });

  it('needs the POST: a scanner that opens the link changes nothing', async () => {
    const page = await fetch(`${url}/u/${token}`);
    expect(await page.text()).toContain('<button name="List-Unsubscribe" value="One-Click">');
    expect((await post(`/u/${token}`, '')).status).toBe(400);
    expect(await consents()).toEqual([]);
  });

  it('works from the very header of the mail', async () => {
    const { raw } = await composeEmail(
      anEmail({ unsubscribe: { url: preferenceLinks(url, token).unsubscribe } }),
      SENDER,
    );
    const [, link = ''] =
      /^List-Unsubscribe: <([^>]+)>/m.exec(raw.toString('latin1').replaceAll(/\r\n[ \t]/g, ' ')) ?? [];
    const answer = await fetch(link, {
      method: 'POST',
      body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }),
    });
    expect(answer.status).toBe(200);
    expect(await suppressions()).toHaveLength(1);
  });
});

describe('the preference page', () => {
  it('shows what holds and keeps what is chosen, each change once', async () => {
    const before = await (await fetch(`${url}/c/${token}`)).text();
    expect(before).toMatch(/name="email.service"\s+checked/);
    expect(before).not.toMatch(/name="email.marketing"\s+checked/);
    const choice = 'email.service=on&email.marketing=on&whatsapp.service=on';
    for (let time = 0; time < 2; time += 1) expect((await post(`/c/${token}`, choice)).status).toBe(200);
    expect(await consents()).toEqual([
      { channel: 'email', purpose: 'marketing', state: 'granted', source: 'couple' },
      { channel: 'sms', purpose: 'service', state: 'withdrawn', source: 'couple' },
    ]);
  });

  it('lifts the person’s own stop when they agree again, and never a bounce', async () => {
    await post(`/u/${token}`, 'List-Unsubscribe=One-Click');
    await post(`/c/${token}`, 'email.service=on&email.marketing=on&sms.service=on&whatsapp.service=on');
    expect(await suppressions()).toEqual([]);
    await db.query(
      `insert into app.suppressions (organization_id, channel, address_hash, reason)
       values ($1, 'email', app.address_hash($1, 'niamh@example.com'), 'bounce')`,
      [organizationId],
    );
    await post(`/c/${token}`, 'email.service=on&email.marketing=on');
    expect(await suppressions()).toEqual([{ channel: 'email', reason: 'bounce', purposes: null }]);
  });

  it.each([
    ['de-AT', 'Was wir Ihnen schicken', 'lang="de"'],
    ['fr', 'Ce que nous vous envoyons', 'lang="fr"'],
    ['es', 'Lo que le enviamos', 'lang="es"'],
    ['cy', 'What we send you', 'lang="en"'],
  ])('for a couple who reads %s says "%s"', async (locale, title, lang) => {
    await couple(locale);
    const page = await (await fetch(`${url}/c/${token}`)).text();
    expect(page).toContain(title);
    expect(page).toContain(lang);
  });

  it('tells whose address is meant without showing it, and a hostile name stays a name', async () => {
    const page = await (await fetch(`${url}/c/${token}`)).text();
    expect(page).toContain('ni…@example.com');
    expect(page).not.toContain('niamh@');
    expect(page).toContain('Alder &amp; &lt;b&gt;Finch&lt;/b&gt;');
  });

  it.each(['0'.repeat(64), 'short', "'; drop table"])('behind the link %j finds nobody', async (wrong) => {
    const answer = await fetch(`${url}/c/${encodeURIComponent(wrong)}`, {
      headers: { 'accept-language': 'de-DE,de;q=0.9' },
    });
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('Dieser Link gilt nicht mehr');
  });

  it('works without JavaScript, on a phone, and axe-core has nothing to object to', async () => {
    const browser = await startBrowser();
    try {
      const plain = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 360, height: 740 } });
      const page = await plain.newPage();
      await page.goto(`${url}/c/${token}`);
      await page.getByLabel('News and offers').first().check();
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved. Thank you.').waitFor();
      expect(await page.getByLabel('News and offers').first().isChecked()).toBe(true);

      const judged = await browser.newPage({ bypassCSP: true, viewport: { width: 360, height: 740 } });
      await judged.goto(`${url}/c/${token}`);
      await judged.evaluate(axe.source);
      type Axe = { run(): Promise<{ violations: { id: string }[] }> };
      const found = await judged.evaluate(async () =>
        (await (globalThis as unknown as { axe: Axe }).axe.run()).violations.map(({ id }) => id),
      );
      expect(found).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
