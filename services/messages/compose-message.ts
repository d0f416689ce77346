import type { TemplateRenderer } from '../../channels/template-renderer.ts';
import { countryOfOrganization } from '../../channels/phone-country.ts';
import { loadMessage, type MessageIdentity, type MessageTemplate } from '../../db/load-message.ts';
import { loadAttachments, type AttachmentContent } from '../../db/templates.ts';
import type { Trx } from '../../db/tenant.ts';
import type { MessageStep } from '../../journeys/definition.ts';
import type { Facts } from '../../journeys/facts.ts';
import { purposeOf } from '../../journeys/recipients.ts';
import { messageVariables } from './message-variables.ts';
import { personalLinks } from './personal-links.ts';
import { weddingEntry, type CalendarOf } from './wedding-entry.ts';

/** What words are made with. */
export interface Composing {
  readonly renderer: TemplateRenderer;
  /** Where couples reach our pages, for the links in messages. */
  readonly publicUrl?: string | undefined;
}

/** The words of one message to one person. */
export interface ComposedMessage {
  readonly templateId: string;
  readonly subject: string;
  readonly html: string | undefined;
  readonly text: string;
  readonly locale: string;
  readonly recipientName: string | null;
  /** Where one click stops advertising (RFC 8058); null for what is no advertising. */
  readonly unsubscribeUrl: string | null;
  /** Whom it is from: the organization. */
  readonly from: { readonly name: string; readonly replyTo: string | null };
  /** The organization's own way of sending; null: the platform's. */
  readonly identity: MessageIdentity | null;
  /** Whether messages through the platform's account are counted. */
  readonly isProviderLimited: boolean;
  /** ISO 3166: whose telephone numbers stand without their country code. */
  readonly country: string | undefined;
  /** Of WhatsApp: what may be sent outside of a conversation; null where the template was not approved. */
  readonly approved: ApprovedTemplate | null;
  /** Of WhatsApp: what it last said about that template; null: nobody has asked. */
  readonly approval: MessageTemplate['approval'];
  /** Of WhatsApp: when each address last wrote to us (ISO instants). */
  readonly lastWrote: Readonly<Record<string, string>>;
  readonly calendar: CalendarOf | null;
  /** Files that the mail brings along. */
  readonly attachments: readonly AttachmentContent[];
}

export interface ApprovedTemplate {
  readonly contentSid: string;
  readonly contentVariables: Readonly<Record<string, string>>;
}

export type Composition =
  | { ok: true; message: ComposedMessage }
  | { ok: false; error: { code: string; message: string } };

/** Composes a step's message for one of its recipients, in the recipient's language where the template is there in it. */
export async function composeMessage(
  trx: Trx,
  { renderer, publicUrl }: Composing,
  wanted: {
    /** The platform's account by which it may go. */
    readonly provider?: string;
    readonly clientId: string;
    readonly executionId: string;
    readonly facts: Facts;
    readonly step: MessageStep;
    readonly occurrence: number;
    readonly contactId: string;
  },
): Promise<Composition> {
  const { clientId, executionId, facts, step, occurrence, contactId } = wanted;
  const contact = facts.contacts?.find(({ id }) => id === contactId) ?? null;
  const source = await loadMessage(trx, {
    clientId,
    template: step.template,
    channel: step.type,
    locale: contact?.locale ?? null,
    ...(wanted.provider === undefined ? {} : { provider: wanted.provider }),
    step: { executionId, key: step.key, occurrence },
  });
  const template = source?.template ?? null;
  if (source === null || template === null) {
    const message = `There is no template "${step.template}" for ${step.type} in use. Publish one, then retry the step.`;
    return { ok: false, error: { code: 'template_missing', message } };
  }
  const links = await personalLinks(trx, contactId, publicUrl);
  const variables = messageVariables(source, facts, step, contact, publicUrl, links);
  const rendered = await renderer.render(
    {
      channel: step.type,
      subject: source.edited?.subject ?? template.subject ?? undefined,
      body: source.edited?.content ?? template.body,
      locale: template.locale,
      partials: source.parts,
    },
    variables,
  );
  if (!rendered.ok) return { ok: false, error: { code: rendered.code, message: rendered.detail } };
  const approved = await approvedTemplate(renderer, template, variables);
  if (!approved.ok) return approved;
  return {
    ok: true,
    message: {
      templateId: template.id,
      subject: rendered.subject,
      html: rendered.html,
      text: rendered.text,
      locale: template.locale,
      recipientName: source.contactNames[contactId] ?? null,
      unsubscribeUrl: purposeOf(step) === 'marketing' ? (links?.unsubscribe ?? null) : null,
      from: { name: source.organization.name, replyTo: textOf(source.organization.settings['email']) },
      identity: source.identity,
      isProviderLimited: source.isProviderLimited,
      country: countryOfOrganization(source.organization),
      approved: approved.template,
      approval: template.approval,
      lastWrote: source.lastWrote,
      calendar: weddingEntry(source, clientId, facts.client.postponed ? null : source.client.weddingOn),
      attachments: template.hasAttachments ? await loadAttachments(trx, template.id) : [],
    },
  };
}

async function approvedTemplate(
  renderer: TemplateRenderer,
  { contentSid, contentVariables, locale }: MessageTemplate,
  variables: Record<string, unknown>,
): Promise<{ ok: true; template: ApprovedTemplate | null } | Extract<Composition, { ok: false }>> {
  if (contentSid === null) return { ok: true, template: null };
  const filled: Record<string, string> = {};
  for (const [place, body] of Object.entries(contentVariables)) {
    const rendered = await renderer.render({ channel: 'whatsapp', body, locale }, variables);
    if (!rendered.ok) return { ok: false, error: { code: rendered.code, message: rendered.detail } };
    filled[place] = rendered.text;
  }
  return { ok: true, template: { contentSid, contentVariables: filled } };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
