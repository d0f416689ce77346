import { chromium, type Browser } from 'playwright-core';

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
