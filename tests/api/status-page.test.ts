import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FastifyInstance } from 'fastify';
import type { Browser, Page } from 'playwright-core';
import { createApi } from '../../api/server.ts';
import type { StatusReader } from '../../api/status-page/read.ts';
import type { StatusView, StepLine } from '../../api/status-page/view.ts';
import { startBrowser } from '../support/browser.ts';

const organization = {
  id: '4a1f7c1e-7c39-4a53-9d5c-2f2f8f6f5a10',
  name: 'Wildflower Photography',
  zone: 'Europe/London',
};
const welcome: StepLine = {
  clientId: '9b8f5f2e-55a0-4b52-8a0c-5f0d1d3f1c11',
  couple: 'Niamh & Oluwaseun',
  journey: 'Full day photography',
  executionId: 'e1',
  step: 'Welcome and what happens next',
  type: 'email',
  state: 'planned',
  local: 'Sat 21 Nov 2026 10:15',
  zone: 'Europe/London',
  reason: 'Goes as planned.',
};
let view: StatusView = {
  organization,
  organizations: [organization],
  counts: { couples: 1, running: 1, sentToday: 0, attention: 0 },
  attention: [],
  next: [welcome],
  sent: [],
  couples: [],
};
const reader: StatusReader = {
  organizations: async () => [organization],
  overview: async () => view,
  couple: async () => null,
};

let app: FastifyInstance;
let browser: Browser;
let url: string;
beforeAll(async () => {
  app = createApi({ version: '1', readiness: {}, links: {}, status: reader });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await app.close();
});

async function open(width = 1280): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  return { page, complaints };
}

describe('status page in a browser', () => {
  it('shows what happens next with date, zone and reason, and the browser has no complaint', async () => {
    const { page, complaints } = await open();
    const row = await page.locator('tbody tr').first().innerText();
    expect(row).toMatch(
      /Sat 21 Nov 2026 10:15\s+Europe\/London[^]*Welcome[^]*Niamh & Oluwaseun[^]*planned[^]*Goes as planned/,
    );
    expect(complaints).toEqual([]);
  });

  it('lives: what changed shows without a reload', async () => {
    const { page } = await open();
    view = { ...view, next: [{ ...welcome, state: 'done', reason: 'Done.' }] };
    await page.getByText('Done.', { exact: true }).waitFor();
  });

  it('fits a narrow phone: nothing but a table scrolls sideways', async () => {
    const { page } = await open(320);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
  });
});
