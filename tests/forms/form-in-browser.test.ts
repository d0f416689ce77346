import fastify, { type FastifyInstance } from 'fastify';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { registerFormRoutes } from '../../api/forms/register-form-routes.ts';
import { formLinkToken } from '../../db/forms.ts';
import { withTenant } from '../../db/tenant.ts';
import { publishForm } from '../../services/forms/publish-form.ts';
import { objections, startBrowser } from '../support/browser.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { createOrganization } from '../webhooks/endpoint.ts';

let db: TestDatabase;
const browsers: Browser[] = [];
let app: FastifyInstance;
let origin: string;
beforeAll(async () => {
  db = await createTestDatabase();
  app = fastify({ forceCloseConnections: true });
  await registerFormRoutes(app, { database: db.api, now: () => new Date() });
  origin = await app.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  for (const browser of browsers) await browser.close();
  await app?.close();
  await db?.close();
});

/** This build of the browser is one process, which ends with its first closed context: each context has its own. */
async function openPage(options: BrowserContextOptions): Promise<Page> {
  const browser = await startBrowser();
  browsers.push(browser);
  return browser.newPage({ viewport: { width: 320, height: 640 }, ...options });
}

async function createLink(): Promise<string> {
  const organizationId = await createOrganization(db);
  const [client] = await db.query<{ id: string }>(
    `insert into app.clients (organization_id, partner_1_name, status) values ($1, 'Ana', 'booked') returning id`,
    [organizationId],
  );
  const token = await withTenant(db.api, { organizationId, actor: 'test' }, async (trx) => {
    await publishForm(trx, 'everything', {
      title: 'Everything there is',
      intro: 'One of each kind.',
      fields: [
        { key: 'text', label: 'Text', type: 'text', required: true, help: 'A line.' },
        { key: 'long', label: 'Long text', type: 'long_text' },
        { key: 'email', label: 'Email', type: 'email', required: true },
        { key: 'phone', label: 'Phone', type: 'phone' },
        { key: 'day', label: 'Date', type: 'date' },
        { key: 'time', label: 'Time', type: 'time' },
        { key: 'number', label: 'Number', type: 'number' },
        { key: 'one', label: 'One of', type: 'choice', options: ['A', 'B'], required: true },
        { key: 'some', label: 'Some of', type: 'choices', options: ['C', 'D'], help: 'As many as you like.' },
        { key: 'yes', label: 'Yes or no', type: 'yes_no' },
        { key: 'where', label: 'Address', type: 'address' },
        { key: 'file', label: 'File', type: 'file' },
        { key: 'sign', label: 'Signature', type: 'signature', statement: 'I agree.', required: true },
      ],
    });
    return formLinkToken(trx, 'everything', client?.id ?? '');
  });
  return `${origin}/f/${token}`;
}

const isWider = (page: Page) => page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');

test('a form is filled in, corrected and sent on a small phone without JavaScript', async () => {
  const url = await createLink();
  const page = await openPage({ javaScriptEnabled: false });
  await page.goto(url);
  await page.getByLabel('Text', { exact: true }).fill('Hello');
  await page.getByLabel('Email').fill('nobody');
  await page.getByLabel('Date').fill('2027-06-12');
  await page.getByLabel('D', { exact: true }).check();
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('3 answers need a look').waitFor();
  expect(await page.title()).toBe('Please check: Everything there is');
  expect(await page.getByLabel('Text', { exact: true }).inputValue()).toBe('Hello');
  expect(await page.getByLabel('D', { exact: true }).isChecked()).toBe(true);
  await page.getByLabel('Email').fill('ana@example.com');
  await page.getByLabel('A', { exact: true }).check();
  await page.getByLabel('Signature').fill('Ana Lopez');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('Your answers have arrived.').waitFor();
  expect(await page.locator('dd').allInnerTexts()).toEqual([
    'Hello',
    'ana@example.com',
    '2027-06-12',
    'A',
    'D',
    'Ana Lopez',
  ]);
});

test('no page of a form has a fault that axe finds, nor is wider than a phone, in light and in dark', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const url = await createLink();
    // axe is script, which the pages themselves forbid.
    const page = await openPage({ bypassCSP: true, colorScheme });
    await page.goto(url);
    expect([await objections(page), await isWider(page)]).toEqual([[], false]);
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('4 answers need a look').waitFor();
    expect([await objections(page), await isWider(page)]).toEqual([[], false]);
    await page.getByLabel('Text', { exact: true }).fill('x'.repeat(300));
    await page.getByLabel('Email').fill('ana@example.com');
    await page.getByLabel('A', { exact: true }).check();
    await page.getByLabel('Signature').fill('Ana');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('Thank you').waitFor();
    expect([await objections(page), await isWider(page)]).toEqual([[], false]);
    await page.goto(`${origin}/f/unknown`);
    expect(await objections(page)).toEqual([]);
  }
});
