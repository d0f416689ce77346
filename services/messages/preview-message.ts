import type { AttachedFile } from '../../channels/attached-file.ts';
import { withoutPictures } from '../../channels/without-pictures.ts';
import type { RenderableTemplate } from '../../channels/templates.ts';
import { loadMessage } from '../../db/load-message.ts';
import { loadPreviewFacts, stepSending } from '../../db/preview-facts.ts';
import { loadAttachments, type TemplateChannel } from '../../db/templates.ts';
import type { Trx } from '../../db/tenant.ts';
import type { Composing } from './compose-message.ts';
import { messageVariables, type Contact } from './message-variables.ts';
import { personalLinks } from './personal-links.ts';

/** What one person of a couple would get, in each form in which they may read it. */
export interface MessagePreview {
  readonly channel: TemplateChannel;
  readonly to: { readonly role: string; readonly address: string | null };
  readonly locale: string;
  readonly subject: string;
  readonly text: string;
  /** Of a mail: as it is, and as it looks where pictures are not loaded. */
  readonly html: string | undefined;
  readonly withoutPictures: string | undefined;
  /** Files that come with it. */
  readonly attachments: readonly AttachedFile[];
}

export type PreviewResult =
  | { readonly ok: true; readonly preview: MessagePreview }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly missing: readonly string[] };

export interface PreviewQuestion {
  /** The id of a client, or the email address of one of its people. */
  readonly client: string;
  readonly channel: TemplateChannel;
  /** The name by which steps call it. */
  readonly template: string;
  /** Words that are not published yet, instead of the template's. */
  readonly draft?: (RenderableTemplate & { readonly attachments: readonly AttachedFile[] }) | undefined;
  /** `partner_1`, `partner_2` or another role; absent: whom messages go to first. */
  readonly role?: string | undefined;
  /** BCP 47, instead of the person's own. */
  readonly locale?: string | undefined;
}

/** Shows a message as one person of a couple would get it now. Nothing is sent or planned. */
export async function previewMessage(
  trx: Trx,
  { renderer, publicUrl }: Composing,
  { client, channel, template, draft, role, locale }: PreviewQuestion,
): Promise<PreviewResult> {
  const facts = await loadPreviewFacts(trx, client);
  if (facts === null) return refused('no_such_couple', `There is no couple with the id or address "${client}".`);
  const contact = facts.contacts.find((one) => (role === undefined ? true : one.role === role));
  if (contact === undefined && role !== undefined) {
    const roles = facts.contacts.map((one) => one.role).join(', ') || 'nobody';
    return refused('no_such_person', `This couple has nobody with the role "${role}". There is: ${roles}.`);
  }
  const wantedLocale = locale ?? draft?.locale ?? contact?.locale ?? null;
  const source = await loadMessage(trx, { clientId: facts.clientId, template, channel, locale: wantedLocale });
  const published = source?.template ?? null;
  const words =
    draft ??
    (published === null
      ? null
      : {
          channel,
          subject: published.subject ?? undefined,
          body: published.body,
          locale: published.locale,
          partials: source?.parts,
        });
  if (source === null || words === null) {
    return refused('no_such_template', `There is no template "${template}" for ${channel} in use.`);
  }
  const step = await stepSending(trx, template, channel);
  const links = contact === undefined ? null : await personalLinks(trx, contact.id, publicUrl);
  const rendered = await renderer.render(
    words,
    messageVariables(source, facts, step, contact ?? null, publicUrl, links),
  );
  if (!rendered.ok) return refused(rendered.code, rendered.detail, rendered.missing);
  return {
    ok: true,
    preview: {
      channel,
      to: { role: contact?.role ?? 'partner_1', address: addressOf(contact, channel) },
      locale: words.locale ?? source.organization.locale,
      subject: rendered.subject,
      text: rendered.text,
      html: rendered.html,
      withoutPictures: rendered.html === undefined ? undefined : withoutPictures(rendered.html),
      attachments:
        draft?.attachments ?? (published?.hasAttachments === true ? await loadAttachments(trx, published.id) : []),
    },
  };
}

function addressOf(contact: Contact | undefined, channel: TemplateChannel): string | null {
  return (channel === 'email' ? contact?.email : contact?.phone) ?? null;
}

function refused(code: string, message: string, missing: readonly string[] = []): PreviewResult {
  return { ok: false, code, message, missing };
}
