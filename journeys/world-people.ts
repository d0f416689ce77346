// What people say and decide in a rehearsal: replies, consent, approvals, holds.
import { numberOf, textOf, textsOf, type Details } from './details.ts';
import type { Facts } from './facts.ts';
import { isMessage, type Step } from './definition.ts';
import { primaryOf, recipientsOf } from './recipients.ts';
import { tell, type World } from './world.ts';

type Execution = Facts['execution'];

const STOP_WORDS = new Set(['STOP', 'STOPALL', 'UNSUBSCRIBE', 'END', 'QUIT']);

const CONVERSATION = 'they wrote, and you can answer first';

const START_WORDS = new Set(['START', 'UNSTOP']);

/** A reply belongs to the message it names, else to the last one on its channel that went to whoever replies. */
export function reply(world: World, details: Details, at: string): void {
  const { messages } = world.facts;
  const message = textOf(details, 'step', 'message') ?? lastSentTo(world, details);
  if (message !== undefined) messages[message] = { ...messages[message], replied: true };
  const word = textOf(details, 'keyword', 'text')?.trim().toUpperCase() ?? '';
  if (STOP_WORDS.has(word)) suppress(world, details);
  if (START_WORDS.has(word)) liftSuppression(world, details);
  if (!STOP_WORDS.has(word) && !START_WORDS.has(word)) holdForConversation(world, at);
  tell(world, { on: 'reply', details: { ...details, ...(message !== undefined && { message }) } }, at);
}

/** A person should answer first: friendly messages wait. What the couple writes meanwhile makes it longer. */
function holdForConversation({ facts }: World, at: string): void {
  const hours = facts.organization.conversationGuardHours;
  if (hours === 0) return;
  const { execution } = facts;
  const until = new Date(Date.parse(at) + hours * 3_600_000).toISOString().replace('.000Z', 'Z');
  const purposes: NonNullable<Execution['holds'][number]['purposes']> = ['service', 'marketing'];
  const open = execution.holds.find((one) => one.reason === CONVERSATION);
  if (open) open.until = until;
  else execution.holds.push({ scope: 'client', since: at, until, purposes, reason: CONVERSATION });
}

/** To the person first; somebody who was written to nothing answers what somebody else passed on. */
function lastSentTo({ definition, facts, ledger }: World, details: Details): string | undefined {
  const { contactId } = contactIdOf(facts, details);
  const steps = [...definition.steps, ...(definition.closing ?? [])];
  const onChannel = steps.filter(isMessage).filter((step) => step.type === channelOf(details));
  const own = onChannel.filter((step) => recipientsOf(step, facts).some(({ id }) => id === contactId));
  return lastOf(own) ?? lastOf(onChannel);

  function lastOf(messages: readonly Step[]): string | undefined {
    const keys = new Set(messages.map((step) => step.key));
    const sent = ledger.steps.filter((row) => row.state === 'done' && keys.has(row.key));
    return sent.sort((a, b) => Date.parse(a.endedAt ?? '') - Date.parse(b.endedAt ?? '')).at(-1)?.key;
  }
}

/** Without purposes it covers everything, as the word STOP does. */
export function suppress(world: World, details: Details): void {
  const purposes = textsOf(details, 'purposes', 'purpose');
  world.facts.suppressions.push({
    ...contactIdOf(world.facts, details),
    ...(purposes && { purposes }),
    channel: channelOf(details),
  } as Facts['suppressions'][number]);
}

/** Whoever wants to hear again on a channel, as the word START says. */
export function liftSuppression(world: World, details: Details): void {
  const { contactId } = contactIdOf(world.facts, details);
  const channel = channelOf(details);
  world.facts.suppressions = world.facts.suppressions.filter(
    (one) => one.channel !== channel || one.contactId !== contactId,
  );
}

export function giveConsent(world: World, details: Details): void {
  world.facts.consents.push({
    ...contactIdOf(world.facts, details),
    channel: channelOf(details),
    purpose: textOf(details, 'purpose') ?? 'marketing',
    state: details['state'] === 'withdrawn' ? 'withdrawn' : 'granted',
  } as Facts['consents'][number]);
}

const YES = new Set<unknown>(['approved', 'approve', 'send', 'send_now', 'go', 'yes', true]);
const SAID = ['decision', 'answer', 'late', 'send', 'choice', 'value'];

/** An approval, or the answer to what was past or was missed while held; where it does not say no it says yes. */
export function decideOn(world: World, details: Details, at: string): void {
  const said = SAID.map((key) => details[key]).find((value) => value !== undefined);
  world.facts.approvals.push({
    key: textOf(details, 'step', 'key') ?? '',
    occurrence: numberOf(details, 'occurrence', 1),
    decision: said === undefined || YES.has(said) ? 'approved' : 'rejected',
    at,
  });
}

export function hold(world: World, details: Details, at: string): void {
  const channel = textOf(details, 'channel');
  const reason = textOf(details, 'reason');
  world.facts.execution.holds.push({
    scope: textOf(details, 'scope') ?? (channel === null ? 'client' : 'channel'),
    since: at,
    ...(channel !== null && { channel }),
    ...(reason !== null && { reason }),
  } as Execution['holds'][number]);
}

/** Lifts the hold that is named, or all of them; `late` says what becomes of what fell due meanwhile. */
export function resume(world: World, details: Details, at: string): void {
  const { execution } = world.facts;
  const channel = textOf(details, 'channel');
  const scope = textOf(details, 'scope') ?? (channel === null ? null : 'channel');
  const lifted = execution.holds.filter(
    (one) => (scope === null || one.scope === scope) && (channel === null || one.channel === channel),
  );
  const since = lifted.map((one) => one.since).sort()[0] ?? at;
  const late = textOf(details, 'late');
  execution.holds = execution.holds.filter((one) => !lifted.includes(one));
  execution.resumed = { at, since, late: late === 'skip' || late === 'ask' ? late : 'send' };
}

/** Something about a contact changed; one that is not there yet is added. */
export function changeContact(world: World, details: Details): void {
  const { facts } = world;
  const named = textOf(details, 'contact', 'id', 'role') ?? 'primary';
  const { contact: _contact, ...change } = details;
  const known = named === 'primary' ? primaryOf(facts) : contactOf(facts, named);
  if (known)
    Object.assign(known, Object.fromEntries(Object.entries(change).map(([key, value]) => [key, value ?? undefined])));
  else facts.contacts = [...(facts.contacts ?? []), { id: named, role: named, isPrimary: false, ...change }];
}

/** Whose word it is, by role or id; nobody's in particular where nobody is named. */
function contactIdOf(facts: Facts, details: Details): { contactId?: string } {
  const named = textOf(details, 'from', 'contact', 'contactId');
  if (named === null) return {};
  const contact = named === 'primary' ? primaryOf(facts) : contactOf(facts, named);
  return contact ? { contactId: contact.id } : {};
}

function contactOf(facts: Facts, named: string) {
  return facts.contacts?.find((one) => one.id === named || one.role === named);
}

function channelOf(details: Details): string {
  return textOf(details, 'channel') ?? 'email';
}
