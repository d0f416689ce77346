import { parsePhoneNumber } from '../channels/phone-number.ts';
import { withinConversation } from '../channels/text-message.ts';
import type { MessageStep } from '../journeys/definition.ts';
import { recipientsOf, unreachable } from '../journeys/recipients.ts';
import type { ApprovedTemplate, ComposedMessage } from '../services/messages/compose-message.ts';
import type { DueStep } from './step-effect.ts';

/** The words of a message with the one address they go to. */
export interface AddressedMessage extends Omit<
  ComposedMessage,
  'templateId' | 'recipientName' | 'country' | 'approved' | 'approval' | 'lastWrote'
> {
  readonly to: { readonly address: string; readonly name: string | null };
  /** Of WhatsApp outside of a conversation: the approved template goes instead of the text. */
  readonly template: ApprovedTemplate | null;
}

/** A message with everything a provider has to know. */
export interface ReadyMessage extends AddressedMessage {
  readonly communicationId: string;
  readonly organizationId: string;
  readonly composedAt: Date;
}

export interface Recipient {
  readonly id: string;
  readonly role: string;
  readonly address: string;
}

/** Everybody the message is for who can be reached, each address once. */
export function reachableRecipients(step: MessageStep, { execution }: DueStep): Recipient[] {
  const { facts } = execution.loaded;
  const seen = new Set<string>();
  return recipientsOf(step, facts).flatMap((contact) => {
    const address = step.type === 'email' ? contact.email : contact.phone;
    if (address === undefined || seen.has(address.toLowerCase())) return [];
    if (unreachable(step, { ...facts, contacts: [contact] }) !== null) return [];
    seen.add(address.toLowerCase());
    return [{ id: contact.id, role: contact.role, address }];
  });
}

export type Addressing =
  | { readonly ok: true; readonly templateId: string; readonly message: AddressedMessage }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string } };

/**
 * Puts the address on a message: a telephone number as the networks want it (E.164), where it was written without its
 * country as one of the organization's. A WhatsApp message goes as it is within 24 hours of what the person wrote,
 * otherwise as the approved template; where there is none, or WhatsApp does not approve it, the step fails and says so, and its other way goes on.
 *
 * @param now ISO instant
 */
export function addressedTo(
  recipient: Recipient,
  composed: ComposedMessage,
  step: MessageStep,
  now: string,
): Addressing {
  const { templateId, recipientName, country, approved, approval, lastWrote, ...message } = composed;
  const address = step.type === 'email' ? recipient.address : parsePhoneNumber(recipient.address, country)?.e164;
  if (address === undefined) {
    return failed(
      'invalid_number',
      'The telephone number is none that can be called. Correct it, then retry the step.',
    );
  }
  const wrote = lastWrote[address];
  const isFree =
    step.type !== 'whatsapp' || withinConversation(wrote === undefined ? null : new Date(wrote), new Date(now));
  if (!isFree && approved === null) {
    return failed(
      'outside_conversation',
      'The person has not written by WhatsApp within 24 hours, so only a template that WhatsApp approved may be sent, and this one is none. Give it a contentSid, or reach the couple another way.',
    );
  }
  if (!isFree && approval !== null && approval.status !== 'approved') {
    const reason = approval.reason === null ? '' : ` The reason given: ${approval.reason}.`;
    return failed(
      'template_not_approved',
      `WhatsApp has not approved this template (${approval.status}), and outside of 24 hours after the person wrote nothing else may be sent.${reason} Ask again with "wedsync templates approvals", or reach the couple another way.`,
    );
  }
  const to = { address, name: recipientName };
  return { ok: true, templateId, message: { ...message, to, template: isFree ? null : approved } };
}

function failed(code: string, message: string): Addressing {
  return { ok: false, error: { code, message } };
}
