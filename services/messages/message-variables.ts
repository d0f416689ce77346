import type { MessageSource } from '../../db/load-message.ts';
import type { MessageStep } from '../../journeys/definition.ts';
import type { Facts } from '../../journeys/facts.ts';
import { choosePayment, type PaymentFacts } from '../../journeys/payments.ts';
import type { PersonalLinks } from './personal-links.ts';

/** Who a copy goes to. */
export type Contact = NonNullable<Facts['contacts']>[number];

/** The part of the facts that words are made of. */
export type MessageFacts = PaymentFacts & { client: Pick<Facts['client'], 'postponed'> };

/**
 * The values a template may use, as channels/variable-catalogue.ts lists them. What is not known stays out, so that the
 * template's fallback is used, or the message is blocked and the reason names it.
 *
 * @param publicUrl where couples reach our pages; without it there are no links to them
 * @param links the recipient's own; they come before what the supplier has set
 */
export function messageVariables(
  source: MessageSource,
  facts: MessageFacts,
  step: MessageStep | null,
  recipient: Contact | null,
  publicUrl?: string,
  links: PersonalLinks | null = null,
): Record<string, unknown> {
  const { client, organization } = source;
  const partner1 = firstName(client.partner1Name);
  const partner2 = firstName(client.partner2Name);
  const contactName = recipient === null ? null : (source.contactNames[recipient.id] ?? null);
  const settings = organization.settings;
  return {
    client: {
      coupleName: [partner1, partner2].filter((name) => name !== null).join(' & ') || null,
      partner1: { firstName: partner1 },
      partner2: { firstName: partner2 },
    },
    recipient: {
      firstName: firstName(contactName ?? '') ?? (recipient?.role === 'partner_2' ? partner2 : partner1),
    },
    wedding: {
      date: facts.client.postponed ? null : client.weddingOn,
      venue: client.venue,
      guestCount: client.guestCount,
    },
    dates: client.dates,
    organization: {
      name: organization.name,
      phone: settings['phone'] ?? null,
      email: settings['email'] ?? null,
      senderName: settings['senderName'] ?? organization.ownerName ?? organization.name,
    },
    payment: paymentVariables(source, facts, step),
    form: { url: formUrl(source, publicUrl) },
    links: { ...asRecord(settings['links']), ...asRecord(client.metadata['links']), ...links },
  };
}

function formUrl({ template }: MessageSource, publicUrl: string | undefined): string | null {
  const token = template?.formToken ?? null;
  return token === null || publicUrl === undefined ? null : new URL(`/f/${token}`, publicUrl).href;
}

/** The payment that the step's anchor names; where it names none, the one that set the journey off or is due next. */
function paymentVariables(
  source: MessageSource,
  facts: MessageFacts,
  step: MessageStep | null,
): Record<string, unknown> {
  const [, kind] = /^payment_due(?::(.+))?$/.exec(step?.when?.anchor ?? '') ?? [];
  const payment = choosePayment(facts, kind);
  if (payment === undefined) return {};
  const details = source.paymentDetails[payment.id];
  return {
    amount: formatMoney(payment.amount, payment.currency, source.template?.locale ?? source.organization.locale),
    dueOn: payment.dueOn,
    reference: details?.reference ?? null,
    url: details?.url ?? null,
  };
}

/** Minor units to text: 145000 and GBP become £1,450.00. */
function formatMoney(amount: number | undefined, currency: string | undefined, locale: string): string | null {
  if (amount === undefined || currency === undefined) return null;
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** digits);
}

function firstName(name: string): string | null {
  const [first] = name.trim().split(/\s+/);
  return first === undefined || first === '' ? null : first;
}

const asRecord = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
