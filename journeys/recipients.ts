// To whom a message goes, by whose clock, and whether it may reach them.
import type { MessageStep, Step } from './definition.ts';
import { isMessage } from './definition.ts';
import type { Facts } from './facts.ts';
import type { SkipReason } from './reasons.ts';

type Contact = NonNullable<Facts['contacts']>[number];

/** The couple's own contact: the one marked as primary, else the first partner, else whoever comes first. */
export function primaryOf(facts: Facts): Contact | undefined {
  const contacts = facts.contacts ?? [];
  return (
    contacts.find((contact) => contact.isPrimary) ??
    contacts.find((contact) => contact.role === 'partner_1') ??
    contacts.find((contact) => contact.role === 'partner_2') ??
    contacts[0]
  );
}

/** The contacts a message is meant for; several for `both` and for a role. */
export function recipientsOf(step: MessageStep, facts: Facts): readonly Contact[] {
  const contacts = facts.contacts ?? [];
  const to = step.to ?? 'primary';
  if (to === 'primary') return present([primaryOf(facts)]);
  if (to === 'both') {
    const partners = contacts.filter((contact) => contact.role === 'partner_1' || contact.role === 'partner_2');
    return partners.length > 0 ? partners : present([primaryOf(facts)]);
  }
  const role = to.startsWith('role:') ? to.slice('role:'.length) : to;
  return contacts.filter((contact) => contact.role === role);
}

/** A message to the couple, in contrast to one to the venue, the planner or another role. */
export function isToCouple(step: Step): step is MessageStep {
  return isMessage(step) && !step.to?.startsWith('role:');
}

export function purposeOf(step: MessageStep): 'transactional' | 'service' | 'marketing' {
  return step.purpose ?? 'service';
}

/** Messages that compete for the couple's attention: those which wait for the cap and for each other. */
export function isCapped(step: Step): step is MessageStep {
  return isToCouple(step) && purposeOf(step) !== 'transactional';
}

/**
 * The zone a step is timed in. Messages to the couple: `when.zone`, the recipient's own, the wedding's, the
 * organization's; `both` goes by the primary's. Everything else: `when.zone`, the organization's; a recipient without a
 * zone of their own is passed over.
 */
export function zoneOf(step: Step, asked: string | undefined, facts: Facts): string {
  const organization = facts.organization.zone;
  const wedding = facts.client.weddingZone ?? organization;
  if (asked === 'organization') return organization;
  if (asked === 'wedding') return wedding;
  if (asked !== undefined && asked !== 'recipient') return asked;
  if (asked === undefined && !isToCouple(step)) return organization;
  const recipient = isMessage(step) && step.to !== 'both' ? recipientsOf(step, facts)[0] : primaryOf(facts);
  return recipient?.zone ?? (isToCouple(step) ? wedding : organization);
}

/**
 * Why a message reaches nobody, or null where it may go. Where contacts are not known nothing is asked. A message to
 * several is stopped only where none of them can be reached: the reason is that of the first, and `also` names those of
 * the others.
 */
export function unreachable(step: MessageStep, facts: Facts): SkipReason | null {
  if (facts.contacts === undefined) return null;
  const obstacles: SkipReason[] = [];
  for (const contact of recipientsOf(step, facts)) {
    const obstacle = obstacleTo(step, contact, facts);
    if (obstacle === null) return null;
    obstacles.push(obstacle);
  }
  const [first = noAddress(step), ...others] = obstacles;
  const also = [...new Set(others.map(({ code }) => code))].filter((code) => code !== first.code);
  return also.length === 0 ? first : { ...first, also };
}

/** The roles of those whom a message reaches. */
export function reachedBy(step: MessageStep, facts: Facts): string[] {
  const reached = recipientsOf(step, facts).filter((contact) => obstacleTo(step, contact, facts) === null);
  return reached.map((contact) => contact.role);
}

/** What keeps a message from one contact. */
function obstacleTo(step: MessageStep, contact: Contact, facts: Facts): SkipReason | null {
  const channel = step.type;
  const purpose = purposeOf(step);
  if (!addressOf(contact, channel)) return noAddress(step);
  if (isSuppressed(contact, channel, purpose, facts)) return { code: 'suppressed', channel };
  return hasConsent(contact, channel, purpose, facts) ? null : { code: 'no_consent', channel, purpose };
}

function noAddress(step: MessageStep): SkipReason {
  return { code: 'no_address', channel: step.type };
}

function addressOf(contact: Contact, channel: MessageStep['type']): string | undefined {
  return channel === 'email' ? contact.email : contact.phone;
}

/** A suppression without purposes stops everything, transactional messages too. */
function isSuppressed(contact: Contact, channel: string, purpose: string, facts: Facts): boolean {
  return facts.suppressions.some(
    (one) =>
      one.channel === channel &&
      (one.contactId === undefined || one.contactId === contact.id) &&
      (one.purposes === undefined || one.purposes.some((stopped) => stopped === purpose)),
  );
}

/** Marketing needs consent; service needs none, but a withdrawn one stops it; transactional asks for neither. */
function hasConsent(contact: Contact, channel: string, purpose: string, facts: Facts): boolean {
  if (purpose === 'transactional') return true;
  const state = consentOf(contact.id, channel, purpose, facts);
  return purpose === 'marketing' ? state === 'granted' : state !== 'withdrawn';
}

/**
 * What was said last about a channel and a purpose: for this contact and for the couple as a whole. Where the two
 * differ, the withdrawal holds.
 */
export function consentOf(
  contactId: string | undefined,
  channel: string,
  purpose: string,
  facts: Facts,
): 'granted' | 'withdrawn' | undefined {
  const entries = facts.consents.filter((one) => one.channel === channel && one.purpose === purpose);
  const whole = entries.findLast((one) => one.contactId === undefined)?.state;
  const own = contactId === undefined ? undefined : entries.findLast((one) => one.contactId === contactId)?.state;
  return whole === 'withdrawn' || own === 'withdrawn' ? 'withdrawn' : (own ?? whole);
}

function present<T>(items: readonly (T | undefined)[]): T[] {
  return items.filter((item): item is T => item !== undefined);
}
