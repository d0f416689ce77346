import { html, type Html } from '../html.ts';
import { REFRESH_SCRIPT } from './refresh.ts';
import { STYLE } from './style.ts';

/** Addresses of the other pages of a development set-up; absent where there are none. */
export interface PageLinks {
  readonly inboxUrl?: string | undefined;
  readonly temporalUiUrl?: string | undefined;
}

/** A page of the set-up: the same head and foot around what it shows. */
export function layout(title: string, body: Html, links: PageLinks, nonce: string): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · WedSync Journeys</title>
        <link rel="icon" href="${ICON}" />
        <style nonce="${nonce}">
          ${{ html: STYLE }}
        </style>
      </head>
      <body>
        <nav class="house" aria-label="This set-up">
          <b>WedSync Journeys</b>
          <span>
            ${links.inboxUrl && html`<a href="${links.inboxUrl}">Dev inbox</a>`}
            ${links.temporalUiUrl && html`<a href="${links.temporalUiUrl}">Temporal</a>`}
            <a href="/readyz">Health</a>
          </span>
        </nav>
        ${body}
        <footer>
          <p id="lost" role="status" hidden>The connection is lost; this page shows the last known state.</p>
          Every date is the couple's own wall time. This page follows by itself.
        </footer>
        <script nonce="${nonce}">
          ${{ html: REFRESH_SCRIPT }};
        </script>
      </body>
    </html>`.html;
}

/** Two rings, drawn here: the page asks nothing of another origin. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32' fill='none' stroke='%237a4b3a' stroke-width='3'%3E%3Ccircle cx='12' cy='18' r='8'/%3E%3Ccircle cx='20' cy='14' r='8'/%3E%3C/svg%3E";

/** A part of a page with its heading. */
export function section(title: string | Html, content: Html): Html {
  return html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`;
}
