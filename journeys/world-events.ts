// What the rows of a script do to the facts. A row whose event is not known here is a custom event of that name.
import type { Facts } from './facts.ts';
import { choosePayment, type Payment } from './payments.ts';
import { primaryOf } from './recipients.ts';
import type { ScriptEvent } from './script.ts';
import { changeClient, endStep, setStatus, tell, type World } from './world.ts';

type Details = ScriptEvent['details'];
type Happening = (world: World, details: Details, at: string) => void;

/** Lets one row of a script happen. */
export function happen(world: World, event: ScriptEvent): void {
  const known = Object.hasOwn(HAPPENINGS, event.do) ? HAPPENINGS[event.do] : undefined;
  if (known) known(world, event.details, event.at);
  else tell(world, { on: 'event', details: { ...event.details, name: event.do } }, event.at);
}

const HAPPENINGS: Readonly<Record<string, Happening>> = {
  event: (world, details, at) => tell(world, { on: 'event', details }, at),
  'form.submitted': submitForm,
  'payment.scheduled': schedulePayment,
  'payment.rescheduled': schedulePayment,
  'payment.due': (world, details, at) => tellOfPayment(world, 'payment.due', details, at),
  'payment.succeeded': (world, details, at) => settlePayment(world, 'succeeded', details, at),
  'payment.failed': (world, details, at) => settlePayment(world, 'failed', details, at),
  'payment.refunded': (world, details, at) => settlePayment(world, 'refunded', details, at),
  'invoice.overdue': (world, details, at) => tell(world, { on: 'invoice.overdue', details }, at),
  'wedding_date.set': setWeddingDate,
  'wedding_date.cleared': (world, _details, at) => moveWedding(world, { weddingOn: null }, at),
  'client.postponed': (world) => void (world.facts.client.postponed = true),
  'client.booked': (world, _details, at) => setStatus(world, 'booked', at),
  'client.married': (world, _details, at) => setStatus(world, 'married', at),
  'client.cancelled': (world, _details, at) => setStatus(world, 'cancelled', at),
  'client.archived': (world, _details, at) => setStatus(world, 'archived', at),
  'client.status': (world, details, at) => setStatus(world, String(details['status']), at),
  'client.updated': updateClient,
  'client.tags': updateClient,
  'date.set': (world, details) => void (world.facts.client.dates[String(details['key'])] = textOf(details['on'])),
  'date.cleared': (world, details) => void (world.facts.client.dates[String(details['key'])] = null),
  'core_field.changed': changeCoreField,
  reply,
  consent: giveConsent,
  opt_out: suppress,
  unsubscribe: suppress,
  suppression: suppress,
  approval: decideOn,
  answer: decideOn,
  hold: (world, details, at) => void world.facts.execution.holds.push(holdOf(details, at)),
  pause: (world, details, at) => void world.facts.execution.holds.push(holdOf(details, at)),
  resume,
  'stage.ended': (world, details, at) =>
    void world.facts.execution.endedStages.push({ stage: String(details['stage']), at }),
  stop: (world, details, at) =>
    void Object.assign(world.facts.execution, {
      status: 'stopped',
      stoppedAt: at,
      stopReason: textOf(details['reason']) ?? 'by hand',
    }),
  skip: (world, details, at) =>
    endStep(world, String(details['step']), occurrenceOf(details), {
      state: 'skipped',
      endedAt: at,
      reason: { code: 'by_person' },
    }),
  'message.status': (world, details) =>
    void (world.facts.messages[String(details['step'])] = {
      ...world.facts.messages[String(details['step'])],
      status: textOf(details['status']) ?? 'sent',
    }),
  'messages.sent': (world, details) => {
    const { sentOn } = world.facts;
    const on = String(details['on']);
    sentOn[on] = (sentOn[on] ?? 0) + (typeof details['count'] === 'number' ? details['count'] : 1);
  },
};

function submitForm(world: World, details: Details, at: string): void {
  const form = String(details['form']);
  const answers = isRecord(details['answers']) ? details['answers'] : {};
  world.facts.forms[form] = { status: 'submitted', answers };
  tell(world, { on: 'form.submitted', details: { ...details, form } }, at);
}

/** A payment with a due date appeared, or its date changed. */
function schedulePayment(world: World, details: Details, at: string): void {
  const { payments } = world.facts;
  const known = paymentOf(world.facts, details);
  const dueOn = textOf(details['dueOn'] ?? details['on']);
  if (known) {
    if (dueOn !== null && dueOn !== known.dueOn) Object.assign(known, { dueOn, dueChangedAt: at });
  } else {
    const id = textOf(details['payment'] ?? details['id']) ?? `payment-${payments.length + 1}`;
    const kind = textOf(details['kind']) ?? 'balance';
    payments.push({ id, kind, dueOn, status: 'pending', dueChangedAt: at });
  }
  tellOfPayment(world, 'payment.scheduled', details, at);
}

function settlePayment(world: World, status: Payment['status'], details: Details, at: string): void {
  const payment = paymentOf(world.facts, details);
  if (payment) Object.assign(payment, { status }, status === 'succeeded' && { paidAt: at });
  tellOfPayment(world, `payment.${status}`, details, at);
}

function tellOfPayment(world: World, on: string, details: Details, at: string): void {
  const payment = paymentOf(world.facts, details);
  const known = payment ? { payment: payment.id, kind: payment.kind } : {};
  tell(world, { on, details: { ...details, ...known } }, at);
}

/** By its id, or the one of that kind which a step would count from. */
function paymentOf(facts: Facts, details: Details): Payment | undefined {
  const id = textOf(details['payment'] ?? details['id']);
  if (id !== null) return facts.payments.find((payment) => payment.id === id);
  const kind = textOf(details['kind']);
  return kind === null ? undefined : choosePayment(facts, kind);
}

function setWeddingDate(world: World, details: Details, at: string): void {
  const { client } = world.facts;
  const weddingOn = textOf(details['weddingOn'] ?? details['on'] ?? details['date']);
  const weddingTime = 'weddingTime' in details ? textOf(details['weddingTime']) : client.weddingTime;
  const weddingZone = 'weddingZone' in details ? textOf(details['weddingZone']) : client.weddingZone;
  moveWedding(world, { weddingOn, weddingTime, weddingZone }, at);
  tell(world, { on: 'wedding_date.set', details }, at);
}

/** A postponed wedding that gets a date is postponed no more. */
function moveWedding(world: World, change: Partial<Facts['client']>, at: string): void {
  Object.assign(world.facts.client, change, { weddingChangedAt: at, postponed: false });
}

function updateClient(world: World, details: Details, at: string): void {
  changeClient(world, {
    addTags: textsOf(details['addTags'] ?? details['add']),
    removeTags: textsOf(details['removeTags'] ?? details['remove']),
    custom: isRecord(details['custom']) ? details['custom'] : undefined,
  });
  if (typeof details['status'] === 'string') setStatus(world, details['status'], at);
}

function changeCoreField(world: World, details: Details, at: string): void {
  world.facts.core[String(details['field'])] = details['value'];
  tell(world, { on: 'core_field.changed', details }, at);
}

const STOP_WORDS = new Set(['STOP', 'STOPALL', 'UNSUBSCRIBE', 'END', 'QUIT']);

/** A reply belongs to the message it names, else to the last one that was sent on its channel. */
function reply(world: World, details: Details, at: string): void {
  const { facts, ledger, definition } = world;
  const channel = textOf(details['channel']) ?? 'email';
  const steps = [...definition.steps, ...(definition.closing ?? [])];
  const onChannel = new Set(steps.filter((step) => step.type === channel).map((step) => step.key));
  const last = ledger.steps
    .filter((row) => row.state === 'done' && onChannel.has(row.key))
    .sort((a, b) => Date.parse(a.endedAt ?? at) - Date.parse(b.endedAt ?? at))
    .at(-1)?.key;
  const message = textOf(details['step'] ?? details['message']) ?? last;
  if (message !== undefined) facts.messages[message] = { ...facts.messages[message], replied: true };
  const word =
    textOf(details['keyword'] ?? details['text'])
      ?.trim()
      .toUpperCase() ?? '';
  if (STOP_WORDS.has(word)) suppress(world, details);
  tell(world, { on: 'reply', details: { ...details, ...(message !== undefined && { message }) } }, at);
}

/** Without purposes it covers everything, as the word STOP does. */
function suppress(world: World, details: Details): void {
  const purposes = details['purposes'] === undefined ? {} : { purposes: textsOf(details['purposes']) };
  world.facts.suppressions.push({
    ...contactIdOf(world.facts, details),
    ...purposes,
    channel: channelOf(details),
  } as Facts['suppressions'][number]);
}

function giveConsent(world: World, details: Details): void {
  world.facts.consents.push({
    ...contactIdOf(world.facts, details),
    channel: channelOf(details),
    purpose: textOf(details['purpose']) ?? 'marketing',
    state: details['state'] === 'withdrawn' ? 'withdrawn' : 'granted',
  } as Facts['consents'][number]);
}

const YES = new Set<unknown>(['approved', 'approve', 'send', 'send_now', 'yes', true]);

/** An approval, or the answer to what was past or was missed while held. */
function decideOn(world: World, details: Details, at: string): void {
  const said = details['decision'] ?? details['answer'] ?? details['late'] ?? details['send'];
  world.facts.approvals.push({
    key: String(details['step'] ?? details['key']),
    occurrence: occurrenceOf(details),
    decision: YES.has(said) ? 'approved' : 'rejected',
    at,
  });
}

function holdOf(details: Details, at: string): Facts['execution']['holds'][number] {
  const channel = textOf(details['channel']);
  const scope = textOf(details['scope']) ?? (channel === null ? 'client' : 'channel');
  const reason = textOf(details['reason']);
  return {
    scope,
    since: at,
    ...(channel !== null && { channel }),
    ...(reason !== null && { reason }),
  } as Facts['execution']['holds'][number];
}

/** Lifts the hold that is named, or all of them. */
function resume(world: World, details: Details, at: string): void {
  const { execution } = world.facts;
  const channel = textOf(details['channel']);
  const scope = textOf(details['scope']) ?? (channel === null ? null : 'channel');
  const lifted = execution.holds.filter(
    (hold) => (scope === null || hold.scope === scope) && (channel === null || hold.channel === channel),
  );
  const since = lifted.map((hold) => hold.since).sort()[0] ?? at;
  const late = details['late'] === 'skip' || details['late'] === 'ask' ? details['late'] : 'send';
  execution.holds = execution.holds.filter((hold) => !lifted.includes(hold));
  execution.resumed = { at, since, late };
}

/** Whose word it is: a role or an id; the primary contact's where nobody is named for a reply. */
function contactIdOf(facts: Facts, details: Details): { contactId?: string } {
  const named = textOf(details['from'] ?? details['contact'] ?? details['contactId']);
  if (named === null) return {};
  const contact =
    named === 'primary' ? primaryOf(facts) : facts.contacts?.find((one) => one.id === named || one.role === named);
  return contact ? { contactId: contact.id } : {};
}

function channelOf(details: Details): string {
  return textOf(details['channel']) ?? 'email';
}

function occurrenceOf(details: Details): number {
  return typeof details['occurrence'] === 'number' ? details['occurrence'] : 1;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function textsOf(value: unknown): string[] {
  return typeof value === 'string'
    ? [value]
    : Array.isArray(value)
      ? value.filter((one) => typeof one === 'string')
      : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
