import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEmailChannel, type EmailChannel } from '../../channels/email.ts';
import { createSmsChannel } from '../../channels/twilio.ts';
import { startInbox, type RunningInbox } from '../../cli/dev/inbox/start-inbox.ts';
import { anEmail, SENDER } from '../channels/support/an-email.ts';
import { objections, startBrowser } from '../support/browser.ts';

let browser: Browser;
let page: Page;
let inbox: RunningInbox;
let channel: EmailChannel;
const troubles: string[] = [];
beforeAll(async () => {
  [browser, inbox] = await Promise.all([startBrowser(), startInbox({ callbackPaceMs: 5 })]);
  channel = createEmailChannel({ smtpUrl: inbox.smtpUrl, from: SENDER });
  page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  page.on('pageerror', (error) => troubles.push(error.message));
  page.on('dialog', (dialog) => void dialog.accept());
});
afterAll(async () => {
  await channel.close();
  await Promise.all([browser.close(), inbox.stop()]);
});
beforeEach(async () => {
  await fetch(`${inbox.inboxUrl}/api/messages`, { method: 'DELETE' });
  await page.goto(inbox.inboxUrl);
  await page.waitForSelector('.live.on');
  troubles.length = 0;
});

// What is inside the frame is the mail, which has a test of its own.
const pageObjections = (): Promise<string[]> => objections(page, { iframes: false });

describe('the page of the inbox', () => {
  it('shows a mail at once, without being asked', async () => {
    await channel.send(anEmail({ subject: 'Arrived just now' }));
    await page.getByText('Arrived just now').waitFor();
    expect(await page.title()).toContain('(1)');
  });

  it('is worked by the keyboard: next, previous, search, delete, back', async () => {
    for (const subject of ['Oldest', 'Middle', 'Newest']) await channel.send(anEmail({ subject }));
    await page.getByText('Newest').waitFor();
    const shown = page.locator('#reader h2');
    await page.keyboard.press('j');
    await shown.getByText('Newest').waitFor();
    await page.keyboard.press('j');
    await shown.getByText('Middle').waitFor();
    await page.keyboard.press('k');
    await shown.getByText('Newest').waitFor();
    await page.keyboard.press('Delete');
    await shown.getByText('Middle').waitFor();
    await page.getByText('Newest').waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await page.keyboard.press('/');
    await page.keyboard.type('oldest');
    await page.locator('#messages li').filter({ hasText: 'Middle' }).waitFor({ state: 'detached' });
    expect(await page.locator('#messages li').count()).toBe(1);
  });

  it('takes a deletion back, and says in an empty inbox what to do', async () => {
    await channel.send(anEmail({ subject: 'Too early' }));
    await page.getByText('Too early').waitFor();
    await page.getByRole('button', { name: 'Delete all' }).click();
    await page.getByText('npx wedsync templates send').waitFor();
    expect(await pageObjections()).toEqual([]);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('Too early').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('nothing like it');
    await page.getByRole('button', { name: 'Show everything' }).click();
    await page.getByText('Too early').waitFor();
  });

  it('goes from tab to tab with the arrows', async () => {
    await channel.send(anEmail());
    await page.locator('#messages a').click();
    await page.getByRole('tab', { name: 'Message' }).focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.getByRole('tab', { name: 'Text' }).getAttribute('aria-selected')).toBe('true');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    expect(await page.evaluate('document.activeElement?.id')).toBe('tab-source');
    expect(await pageObjections()).toEqual([]);
    await page.keyboard.press('1');
  });

  it('lets the reader of a mail answer it, and its mail server send it back', async () => {
    const message = anEmail({ subject: 'May we?' });
    await channel.send(message);
    await page.locator('#messages a').click();
    await page.getByRole('button', { name: 'Answer' }).click();
    await page.keyboard.type('Please do.');
    await page.keyboard.press('Enter');
    await page.getByText('Re: May we?').waitFor();
    await page.getByRole('button', { name: 'Send back' }).click();
    await page.getByText('Undelivered Mail Returned to Sender').waitFor();
    await page.getByRole('button', { name: 'Call it junk' }).click();
    await page.getByText('Complaint about your message').waitFor();
  });

  it('keeps a hostile mail inert, in the list and in its frame', async () => {
    const attack =
      '<script>top.document.title = "taken"</script><img src=x onerror="top.document.title = \'taken\'"><form action="/api/messages"><button>go</button></form>';
    await channel.send(
      anEmail({ subject: attack, to: { name: attack, address: 'a@example.com' }, text: attack, html: attack }),
    );
    await page.locator('#messages a').click();
    const frame = page.frameLocator('iframe');
    await frame.getByRole('button', { name: 'go' }).waitFor();
    await frame.getByRole('button', { name: 'go' }).click();
    expect(await page.title()).not.toContain('taken');
    expect(await page.locator('#reader h2').textContent()).toBe(attack);
    expect(await page.locator('#messages script, #messages img, #reader script').count()).toBe(0);
    expect(page.url()).toContain('#/');
  });

  it('lets a couple answer a text', async () => {
    await createSmsChannel({ ...inbox.twilio, sender: { from: '+447700900900' } }).send({
      id: 'page-1',
      to: '+447700900100',
      body: 'See you tomorrow!',
    });
    await page.getByText('See you tomorrow!').first().click();
    await page.getByRole('button', { name: 'STOP' }).click();
    await page.getByText('from the telephone').waitFor();
    await page.locator('.talk .mine').waitFor();
    expect(await page.locator('.talk li').allInnerTexts()).toEqual([
      expect.stringContaining('See you tomorrow!') as string,
      expect.stringContaining('STOP') as string,
    ]);
    expect(await pageObjections()).toEqual([]);
  });

  it('sets up a fault and shows it', async () => {
    await page.getByRole('button', { name: 'What goes wrong next?' }).click();
    await page.getByRole('textbox', { name: 'Recipient' }).fill('unlucky@example.com');
    await page.getByRole('button', { name: 'Set it up' }).click();
    await page.getByRole('listitem').filter({ hasText: 'Email to unlucky@example.com is refused, once' }).waitFor();
    expect(await pageObjections()).toEqual([]);
    await page.getByRole('button', { name: 'Close' }).click();
    const strip = page.getByRole('region', { name: 'What goes wrong next' });
    await strip.waitFor();
    const { outcome } = await channel.send(anEmail({ to: { address: 'unlucky@example.com' } }));
    expect(outcome).toBe('refused');
    await strip.waitFor({ state: 'hidden' });
  });

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 390],
    ['dark', 320],
    // A window of 1280 at a zoom of 200 per cent.
    ['light', 640],
  ] as const)('has nothing that axe-core objects to, %s and %i wide', async (colorScheme, width) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 860 });
    await channel.send(anEmail());
    await page.locator('#messages a').first().click();
    await page.locator('iframe').waitFor();
    expect(await pageObjections()).toEqual([]);
    const overflow = await page.locator('html').evaluate((root) => root.scrollWidth - root.clientWidth);
    expect(overflow).toBe(0);
    expect(troubles).toEqual([]);
  });
});
