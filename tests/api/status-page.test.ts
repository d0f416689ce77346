import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FastifyInstance } from 'fastify';
import type { Browser, Page } from 'playwright-core';
import { createApi } from '../../api/server.ts';
import type { StatusReader } from '../../api/status-page/read.ts';
import type { ConversationLine, CoupleView, StatusView, StepLine } from '../../api/status-page/view.ts';
import { objections, startBrowser } from '../support/browser.ts';

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
  template: 'photographer_welcome',
  state: 'planned',
  local: 'Sat 21 Nov 2026 10:15',
  zone: 'Europe/London',
  inMinutes: 4,
  reason: 'Goes as planned.',
};
let view: StatusView = {
  organization,
  organizations: [organization],
  counts: { couples: 1, running: 1, sentToday: 0, attention: 0, planned: 1 },
  attention: [],
  team: [
    {
      kind: 'task',
      title: 'Pack the second camera',
      text: 'And two batteries.',
      at: 'Fri 11 Jun 2027 18:00',
      clientId: welcome.clientId,
      couple: welcome.couple,
    },
  ],
  next: [welcome],
  sent: [],
  couples: [],
};
const waiting: StepLine = { ...welcome, step: 'Photography timeline', state: 'held', inMinutes: null, local: null };
const failed = { clientId: welcome.clientId, couple: welcome.couple, channel: 'email', subject: null };
const couple = {
  clientId: welcome.clientId,
  couple: welcome.couple,
  status: 'booked',
  weddingOn: '2027-06-12',
  zone: 'Europe/London',
  journeys: [{ executionId: 'e1', name: 'Full day photography', status: 'active', next: 'Welcome, in an hour' }],
};
const coupleView: CoupleView = {
  organization,
  couple,
  plans: [
    { executionId: 'e1', journey: 'Full day photography', status: 'active', temporalUrl: null, steps: [welcome] },
  ],
  notBegun: [
    { journey: 'Album', why: "Begins with the booking, but its condition on the couple's tags does not hold." },
  ],
  messages: [],
};
const hostile = '<img src=x onerror="document.title=1"><script>document.title = 1</script>';
const conversation: ConversationLine[] = [
  {
    direction: 'inbound',
    channel: 'sms',
    status: 'delivered',
    who: 'Niamh',
    at: '21 Nov 2026, 12:00',
    subject: null,
    text: `Can we talk? ${hostile}`,
  },
  {
    direction: 'outbound',
    channel: 'email',
    status: 'sent',
    who: 'Niamh',
    at: '21 Nov 2026, 10:15',
    subject: 'Welcome',
    text: 'Dear Niamh,\n\nwelcome!',
  },
];
const mail = {
  channel: 'email',
  to: { role: 'partner_1', address: 'niamh@example.com' },
  locale: 'en-GB',
  subject: 'Welcome',
  text: 'Dear Niamh',
  html: `<p>Dear Niamh</p>${hostile}`,
  withoutPictures: '<p>Dear Niamh</p>',
  attachments: [{ filename: 'guide.pdf', contentType: 'application/pdf', content: Buffer.from('%PDF-1.7') }],
} as const;
const reader: StatusReader = {
  organizations: async () => [organization],
  overview: async () => view,
  couple: async () => coupleView,
  conversation: async () => ({ organization, ...couple, messages: conversation }),
  preview: async (_organization, _client, { channel, template }) => ({
    organization,
    ...couple,
    template,
    result:
      template === 'no_venue'
        ? { ok: false, code: 'missing_variables', message: 'The template needs wedding.venue.', missing: [] }
        : { ok: true, preview: { ...mail, channel } },
  }),
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
    const row = await page.getByRole('region', { name: 'What happens next' }).locator('tbody tr').first().innerText();
    expect(row).toMatch(
      /Sat 21 Nov 2026 10:15\s+Europe\/London[^]*Welcome[^]*Niamh & Oluwaseun[^]*planned[^]*Goes as planned/,
    );
    expect(complaints).toEqual([]);
  });

  it('lives: what changed shows without a reload', async () => {
    const { page, complaints } = await open();
    view = { ...view, next: [{ ...welcome, state: 'done', reason: 'Done.' }] };
    await page.getByText('Done.', { exact: true }).waitFor();
    expect(complaints).toEqual([]);
  });

  it('fits a narrow phone: nothing but a table scrolls sideways', async () => {
    const { page } = await open(320);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
  });

  it('says of a couple which journeys have not begun, and why', async () => {
    const { page } = await open();
    await page.goto(new URL(`/couples/${welcome.clientId}`, url).href);
    const row = page.getByRole('region', { name: 'Journeys not begun' }).getByRole('row').nth(1);
    expect(await row.innerText()).toMatch(/^Album\s+Begins with the booking, but its condition on the couple's tags/);
  });

  it('leads from a couple to what was written, in both directions, and a hostile text is inert', async () => {
    const { page, complaints } = await open();
    await page.goto(new URL(`/couples/${welcome.clientId}`, url).href);
    await page.getByRole('link', { name: 'Read them' }).click();
    const [theirs, ours] = await page.locator('.conversation li').allInnerTexts();
    expect(theirs).toMatch(/Niamh wrote\s+text[^]*Can we talk\? <img/);
    expect(ours).toMatch(/To Niamh\s+mail[^]*Welcome[^]*Dear Niamh,/);
    expect(await page.title()).toMatch(/^Messages with/);
    expect(complaints).toEqual([]);
  });

  it('leads from a step to what the couple would get, and nothing in the mail runs', async () => {
    const { page } = await open();
    await page.getByRole('link', { name: 'preview' }).first().click();
    expect(await page.locator('main').innerText()).toMatch(/To partner 1, niamh@example\.com[^]*With guide\.pdf\./);
    const frame = page.frameLocator('iframe[title="As it is"]');
    expect(await frame.locator('p').innerText()).toBe('Dear Niamh');
    expect(await page.title()).toMatch(/^photographer_welcome for/);
    const address = `/couples/${welcome.clientId}/preview/email/photographer_welcome?part=`;
    const asMail = await fetch(new URL(`${address}html`, url));
    expect(asMail.headers.get('content-security-policy')).toMatch(/default-src 'none'.*; sandbox$/);
    const asText = await fetch(new URL(`${address}text`, url));
    expect(asText.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await asText.text()).toBe('Dear Niamh');
    await page.goto(new URL(`/couples/${welcome.clientId}/preview/email/no_venue`, url).href);
    expect(await page.locator('main').innerText()).toBe('The template needs wedding.venue.');
  });

  it('keeps the focus of a person who reads on by keyboard while it changes', async () => {
    const { page } = await open();
    await page.getByRole('link', { name: welcome.couple }).first().focus();
    view = { ...view, next: [{ ...welcome, reason: 'Changed meanwhile.' }] };
    await page.getByText('Changed meanwhile.').waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toBe(welcome.couple);
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['dark', 320],
    // A window of 1280 at a zoom of 200 per cent.
    ['light', 640],
  ] as const)('has nothing that axe-core objects to, %s and %i wide', async (colorScheme, width) => {
    const problem = 'The mail server answered 550: there is no such mailbox.';
    const sent = [
      { ...failed, status: 'sent', at: 'Sat 21 Nov 2026 10:15', problem: null },
      { ...failed, status: 'failed', at: 'Sat 21 Nov 2026 10:14', problem },
    ];
    view = { ...view, next: [welcome], attention: [waiting], sent, couples: [couple] };
    const { page } = await open(width);
    await page.emulateMedia({ colorScheme });
    const ofCouple = `/couples/${welcome.clientId}`;
    const rest = width === 320 ? [`${ofCouple}/messages`, `${ofCouple}/preview/email/photographer_welcome`] : [];
    for (const path of ['/', ofCouple, ...rest]) {
      await page.goto(new URL(path, url).href);
      expect(await objections(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    }
  });
});
