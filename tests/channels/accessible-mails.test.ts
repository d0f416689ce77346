import { readdirSync, readFileSync } from 'node:fs';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileTemplate } from '../../channels/compile-template.ts';
import { parseTemplateFile } from '../../channels/template-file.ts';
import { renderTemplate } from '../../channels/templates.ts';
import { sampleVariables } from '../../channels/variable-catalogue.ts';
import { startBrowser } from '../support/browser.ts';

const STARTERS = new URL('../../journeys/starters/templates/', import.meta.url);
const mails = readdirSync(STARTERS).filter((file) => file.endsWith('.mjml'));
let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await startBrowser();
  page = await browser.newPage({ viewport: { width: 700, height: 1200 } });
  // Pictures and fonts are asked of nobody: what is judged is the mail alone.
  await page.route('**', (route) => route.abort());
});
afterAll(() => browser.close());

type Violation = { id: string; nodes: { html: string }[] };
type Axe = { run(options: object): Promise<{ violations: Violation[] }> };

/** What axe-core finds wrong with what the page shows, each with the first element that is meant. */
async function violations(only?: string): Promise<string[]> {
  const found = await page.evaluate(async (only) => {
    // A mail is no web page: it has no landmarks and no way past blocks.
    const rules = { region: { enabled: false }, bypass: { enabled: false }, 'landmark-one-main': { enabled: false } };
    const options = only === undefined ? { rules } : { runOnly: [only] };
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run(options);
    return violations.map(({ id, nodes }) => ({ id, html: nodes[0]?.html ?? '' }));
  }, only);
  return found.map(({ id, html }) => `${id}: ${html.slice(0, 120)}`);
}

async function show(html: string): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setContent(html);
  await page.evaluate(axe.source);
}

async function rendered(file: string): Promise<string> {
  const parsed = parseTemplateFile(readFileSync(new URL(file, STARTERS), 'utf8'));
  if (!parsed.ok) throw new Error(file);
  const compiled = await compileTemplate(parsed.template);
  if (!compiled.ok) throw new Error(file);
  const result = renderTemplate(compiled.template, sampleVariables(['tasting', 'engagement_shoot', 'rehearsal']));
  if (!result.ok || result.html === undefined) throw new Error(file);
  return result.html;
}

describe('a starter mail', () => {
  it.each(mails)('%s has nothing that axe-core objects to, by day and in dark mode', async (file) => {
    await show(await rendered(file));
    expect(await violations()).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await violations('color-contrast')).toEqual([]);
    // It is dark indeed, and not the same as by day.
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(27, 24, 21)');
    expect(await page.evaluate("getComputedStyle(document.querySelector('h1')).color")).toBe('rgb(239, 233, 225)');
  });

  it('with colours of its own for the dark keeps them', async () => {
    const body =
      '<mjml><mj-head><mj-style>@media (prefers-color-scheme: dark) { h1 { color: #abcdef !important; } }</mj-style></mj-head><mj-body><mj-section><mj-column><mj-text><h1>Hello</h1></mj-text></mj-column></mj-section></mj-body></mjml>';
    const compiled = await compileTemplate({ name: 'x', channel: 'email', subject: 'x', body });
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
    await show(compiled.template.body);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await page.evaluate("getComputedStyle(document.querySelector('h1')).color")).toBe('rgb(171, 205, 239)');
  });

  it('would be objected to if it were pale', async () => {
    await show('<html lang="en"><title>x</title><h1 style="color:#ccc;background:#fff">Hello</h1></html>');
    expect(await violations()).toEqual([expect.stringMatching(/^color-contrast/)]);
  });
});
