import type { PersonPreferences } from '../../db/contact-links.ts';
import { html, type Html } from '../html.ts';
import { wordsFor } from './words.ts';

const STYLE = `
:root { color-scheme: light dark; --ink: #2a2622; --soft: #6f665d; --line: #e4ddd3; --paper: #fbf8f3; --card: #fff; --accent: #7a4b3a; --on: #fff; --good: #2f6b45; }
@media (prefers-color-scheme: dark) { :root { --ink: #efe9e1; --soft: #b0a69a; --line: #3b3530; --paper: #1b1815; --card: #25211d; --accent: #e0a58c; --on: #1b1815; --good: #86cfa1; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 17px/1.55 system-ui, sans-serif; }
main { max-width: 34rem; margin: 0 auto; padding: 2rem 1.2rem 3rem; }
h1 { font: 600 1.7rem/1.25 Georgia, serif; }
fieldset { background: var(--card); border: 1px solid var(--line); border-radius: .7rem; margin: 1rem 0; padding: .6rem 1.1rem 1rem; }
legend { font-weight: 650; padding: 0 .4rem; }
label { display: flex; gap: .7rem; align-items: baseline; padding: .35rem 0; }
input { width: 1.2rem; height: 1.2rem; accent-color: var(--accent); }
button { font: inherit; background: var(--accent); color: var(--on); border: 0; border-radius: .6rem; padding: .7rem 1.6rem; min-height: 2.8rem; cursor: pointer; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.soft { color: var(--soft); }
.saved { color: var(--good); font-weight: 650; }
`;

/** The page on which a person chooses what they get. Works without JavaScript. */
export function preferencePage(person: PersonPreferences, saved: boolean, nonce: string): string {
  const { words, language } = wordsFor(person.locale);
  const content = html`
    ${saved && html`<p class="saved" role="status">${words.saved}</p>`}
    <p>${words.intro(person.organizationName)}</p>
    <form method="post">
      ${person.ways.map(
        ({ channel, address, allows }) =>
          html`<fieldset>
            <legend>${words.channel[channel]} <span class="soft">${masked(address)}</span></legend>
            ${tick(`${channel}.service`, words.service, allows.service)}
            ${tick(`${channel}.marketing`, words.marketing, allows.marketing)}
          </fieldset>`,
      )}
      <p class="soft">${words.always}</p>
      <button>${words.save}</button>
    </form>
  `;
  return layout(language, words.title, content, nonce);
}

/** The page behind the link to unsubscribe: nothing happens until its button is pressed, because programs open links too. */
export function unsubscribePage(person: PersonPreferences, done: boolean, token: string, nonce: string): string {
  const { words, language } = wordsFor(person.locale);
  const content = done
    ? html`<p class="saved" role="status">${words.stopped}</p>`
    : html`<p>${words.stopIntro(person.organizationName)}</p>
        <form method="post"><button name="List-Unsubscribe" value="One-Click">${words.stop}</button></form>`;
  return layout(
    language,
    words.title,
    html`${content}
      <p><a href="/c/${token}">${words.choose}</a></p>`,
    nonce,
  );
}

export function gonePage(locale: string, nonce: string): string {
  const { words, language } = wordsFor(locale);
  return layout(language, words.title, html`<p>${words.gone}</p>`, nonce);
}

function tick(name: string, text: string, checked: boolean): Html {
  return html`<label><input type="checkbox" name="${name}" ${checked && html`checked`} /> ${text}</label>`;
}

/** Enough to know which address is meant, too little to learn it from somebody's screen. */
function masked(address: string): string {
  const at = address.lastIndexOf('@');
  return at === -1 ? `…${address.slice(-3)}` : `${address.slice(0, 2)}…${address.slice(at)}`;
}

function layout(language: string, title: string, content: Html, nonce: string): string {
  return html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <style nonce="${nonce}">
          ${{ html: STYLE }}
        </style>
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`.html;
}
