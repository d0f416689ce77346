import { html } from '../html.ts';
import { layout, section, type PageLinks } from './layout.ts';
import type { PreviewView } from './view.ts';

/** A message as a couple would get it now, in each form in which it may be read. */
export function previewPage(view: PreviewView, links: PageLinks, nonce: string): string {
  const { couple, clientId, organization, template, result } = view;
  return layout(
    `${template} for ${couple}`,
    html`
      <header>
        <nav aria-label="Back" class="organizations">
          <a href="/couples/${clientId}?organization=${organization.id}">← ${couple}</a>
        </nav>
        <h1>${result.ok && result.preview.subject !== '' ? result.preview.subject : template}</h1>
        <p class="soft">${template}, as ${couple} would get it now. Nothing is sent.</p>
      </header>
      <main>${result.ok ? shown(result.preview, framesOf(view)) : html`<p class="empty">${result.message}</p>`}</main>
    `,
    links,
    nonce,
  );
}

type Preview = Extract<PreviewView['result'], { ok: true }>['preview'];

function shown(preview: Preview, frame: (part: string) => string) {
  const { to, locale, text, html: mail, attachments } = preview;
  const forms = [
    ['As it is', 'html'],
    ['Where pictures are not loaded', 'no-pictures'],
  ] as const;
  return html`
    <p>To ${to.role.replaceAll('_', ' ')}, ${to.address ?? 'who has no address for it'}, in ${locale}.</p>
    ${attachments.length > 0 && html`<p>With ${attachments.map(({ filename }) => filename).join(', ')}.</p>`}
    ${
      mail !== undefined &&
      forms.map(([title, part]) =>
        section(title, html`<iframe sandbox title="${title}" src="${frame(part)}" class="mail"></iframe>`),
      )
    }
    ${section('As text', html`<div class="words" tabindex="0" role="region" aria-label="As text">${text}</div>`)}
  `;
}

function framesOf({ clientId, organization, template, result }: PreviewView): (part: string) => string {
  if (!result.ok) return () => '';
  const { channel, to } = result.preview;
  const query = (part: string) => new URLSearchParams({ organization: organization.id, role: to.role, part });
  return (part) => `/couples/${clientId}/preview/${channel}/${template}?${query(part).toString()}`;
}
