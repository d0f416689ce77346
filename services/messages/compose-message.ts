import type { TemplateRenderer } from '../../channels/template-renderer.ts';
import { loadMessage } from '../../db/load-message.ts';
import type { Trx } from '../../db/tenant.ts';
import type { MessageStep } from '../../journeys/definition.ts';
import type { Facts } from '../../journeys/facts.ts';
import { purposeOf } from '../../journeys/recipients.ts';
import { messageVariables } from './message-variables.ts';
import { personalLinks } from './personal-links.ts';

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
}

export type Composition =
  { ok: true; message: ComposedMessage } | { ok: false; error: { code: string; message: string } };

/** Composes a step's message for one of its recipients, in the recipient's language where the template is there in it. */
export async function composeMessage(
  trx: Trx,
  { renderer, publicUrl }: Composing,
  wanted: {
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
    step: { executionId, key: step.key, occurrence },
  });
  const template = source?.template ?? null;
  if (source === null || template === null) {
    const message = `There is no template "${step.template}" for ${step.type} in use. Publish one, then retry the step.`;
    return { ok: false, error: { code: 'template_missing', message } };
  }
  const links = await personalLinks(trx, contactId, publicUrl);
  const rendered = await renderer.render(
    {
      channel: step.type,
      subject: source.edited?.subject ?? template.subject ?? undefined,
      body: source.edited?.content ?? template.body,
      locale: template.locale,
      partials: source.parts,
    },
    messageVariables(source, facts, step, contact, publicUrl, links),
  );
  if (!rendered.ok) return { ok: false, error: { code: rendered.code, message: rendered.detail } };
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
    },
  };
}

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
