import axe from 'axe-core';
import { chromium, type Browser, type Page } from 'playwright-core';

/**
 * Starts the Chromium that an npm package brings along: no system package, no download of its own.
 *
 * @see https://github.com/Sparticuz/chromium: it unpacks the libraries it needs only where it believes to be a function
 */
export async function startBrowser(): Promise<Browser> {
  process.env['AWS_LAMBDA_JS_RUNTIME'] = 'nodejs24.x';
  const { default: packaged } = await import('@sparticuz/chromium');
  return chromium.launch({ executablePath: await packaged.executablePath(), args: packaged.args, headless: true });
}

type Axe = { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };

/**
 * What axe-core finds wrong with what the page shows, each with the first element that is meant.
 *
 * @param options of axe-core's `run`
 */
export async function objections(page: Page, options: object = {}): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async (given) => {
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run(given);
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
  }, options);
}
