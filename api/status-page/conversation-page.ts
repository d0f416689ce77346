import { html } from '../html.ts';
import { layout, type PageLinks } from './layout.ts';
import { state } from './tables.ts';
import type { ConversationView } from './view.ts';

const CHANNELS: Readonly<Record<string, string>> = { email: 'mail', sms: 'text', whatsapp: 'WhatsApp' };

/** Everything that was written to a couple and by it, each message with its words. */
export function conversationPage(view: ConversationView, links: PageLinks, nonce: string): string {
  const { couple, clientId, organization, messages } = view;
  return layout(
    `Messages with ${couple}`,
    html`
      <header>
        <nav aria-label="Back" class="organizations">
          <a href="/couples/${clientId}?organization=${organization.id}">← ${couple}</a>
        </nav>
        <h1>Messages with ${couple}</h1>
      </header>
      <main>
        ${
          messages.length === 0
            ? html`<p class="empty">Nothing was written yet, to them or by them.</p>`
            : html`<ol class="conversation">
                ${messages.map(
                  ({ direction, channel, status, who, at, subject, text }) =>
                    html`<li class="${direction}">
                      <p class="soft">
                        ${direction === 'inbound' ? `${who} wrote` : `To ${who}`}
                        <span class="kind">${CHANNELS[channel] ?? channel}</span>
                        ${direction === 'outbound' && state(status)} <time>${at}</time>
                      </p>
                      ${subject !== null && html`<h2>${subject}</h2>`}
                      <div class="words">${text}</div>
                    </li>`,
                )}
              </ol>`
        }
      </main>
    `,
    links,
    nonce,
  );
}
