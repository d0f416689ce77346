// What the rows of a script do to the world. A row whose event is not known here is a custom event of that name.
import { numberOf, recordOf, textOf, textsOf, type Details } from './details.ts';
import type { Facts } from './facts.ts';
import type { ScriptEvent } from './script.ts';
import { schedulePayment, settlePayment, tellOfPayment } from './world-payments.ts';
import {
  changeContact,
  decideOn,
  giveConsent,
  hold,
  liftSuppression,
  reply,
  resume,
  suppress,
} from './world-people.ts';
import { becomeStatus, changeClient, endStep, tell, type World } from './world.ts';

type Happening = (world: World, details: Details, at: string) => void;

/** Lets one row of a script happen. */
export function happen(world: World, event: ScriptEvent): void {
  const known = Object.hasOwn(HAPPENINGS, event.do) ? HAPPENINGS[event.do] : undefined;
  if (known) known(world, event.details, event.at);
  else tell(world, { on: 'event', details: { ...event.details, name: event.do } }, event.at);
}

/** What a script can let happen by name, besides custom events. */
export function happenings(): string[] {
  return [...Object.keys(HAPPENINGS), 'worker.down', 'worker.up'];
}

const HAPPENINGS: Readonly<Record<string, Happening>> = {
  event: (world, details, at) => tell(world, { on: 'event', details }, at),
  'form.submitted': submitForm,
  'payment.scheduled': schedulePayment,
  'payment.moved': schedulePayment,
  'payment.due': (world, details, at) => tellOfPayment(world, 'payment.due', details, at),
  'payment.succeeded': (world, details, at) => settlePayment(world, 'succeeded', details, at),
  'payment.failed': (world, details, at) => settlePayment(world, 'failed', details, at),
  'payment.refunded': (world, details, at) => settlePayment(world, 'refunded', details, at),
  'payment.cancelled': (world, details, at) => settlePayment(world, 'cancelled', details, at),
  'invoice.overdue': (world, details, at) => tell(world, { on: 'invoice.overdue', details }, at),
  'wedding_date.set': setWeddingDate,
  'wedding_date.cleared': (world, _details, at) => moveWedding(world, { weddingOn: null }, at),
  'client.postponed': (world) => void (world.facts.client.postponed = true),
  'client.booked': (world, _details, at) => becomeStatus(world, 'booked', at),
  'client.married': (world, _details, at) => becomeStatus(world, 'married', at),
  'client.cancelled': (world, _details, at) => becomeStatus(world, 'cancelled', at),
  'client.archived': (world, _details, at) => becomeStatus(world, 'archived', at),
  'client.status': (world, details, at) => becomeStatus(world, textOf(details, 'status') ?? 'booked', at),
  'client.updated': updateClient,
  'client.tags': updateClient,
  'client.custom': updateClient,
  'contact.updated': changeContact,
  'date.set': (world, details) => setDate(world, details, textOf(details, 'on', 'date')),
  'date.cleared': (world, details) => setDate(world, details, null),
  'core_field.changed': changeCoreField,
  reply,
  consent: giveConsent,
  opt_out: suppress,
  unsubscribe: suppress,
  suppression: suppress,
  opt_in: liftSuppression,
  'suppression.lifted': liftSuppression,
  approval: decideOn,
  answer: decideOn,
  hold,
  pause: hold,
  resume,
  stop,
  'stage.ended': endStage,
  skip: skipByHand,
  'message.status': setMessageStatus,
  'messages.sent': countOthers,
};

function submitForm(world: World, details: Details, at: string): void {
  const form = textOf(details, 'form') ?? '';
  world.facts.forms[form] = {
    status: 'submitted',
    answers: recordOf(details, 'answers') ?? recordOf(details, 'data') ?? {},
  };
  tell(world, { on: 'form.submitted', details: { ...details, form } }, at);
}

function setWeddingDate(world: World, details: Details, at: string): void {
  const change: Partial<Facts['client']> = { weddingOn: textOf(details, 'weddingOn', 'on', 'date') };
  if ('weddingTime' in details) change.weddingTime = textOf(details, 'weddingTime');
  if ('weddingZone' in details) change.weddingZone = textOf(details, 'weddingZone');
  moveWedding(world, change, at);
  tell(world, { on: 'wedding_date.set', details }, at);
}

/** A postponed wedding that gets a date is postponed no more. */
function moveWedding(world: World, change: Partial<Facts['client']>, at: string): void {
  Object.assign(world.facts.client, change, { weddingChangedAt: at, postponed: false });
}

function setDate(world: World, details: Details, on: string | null): void {
  world.facts.client.dates[textOf(details, 'key', 'name') ?? ''] = on;
}

function updateClient(world: World, details: Details, at: string): void {
  changeClient(world, {
    addTags: textsOf(details, 'addTags', 'add', 'tag', 'tags'),
    removeTags: textsOf(details, 'removeTags', 'remove'),
    custom: recordOf(details, 'custom') ?? customOf(details),
  });
  const status = textOf(details, 'status');
  if (status !== null) becomeStatus(world, status, at);
}

/** One custom field, by its key. */
function customOf(details: Details): Record<string, unknown> | undefined {
  const key = textOf(details, 'key', 'field');
  return key === null ? undefined : { [key]: details['value'] };
}

function changeCoreField(world: World, details: Details, at: string): void {
  world.facts.core[textOf(details, 'field') ?? ''] = details['value'];
  tell(world, { on: 'core_field.changed', details }, at);
}

/** Somebody stops the execution by hand. */
function stop(world: World, details: Details, at: string): void {
  const stopReason = textOf(details, 'reason') ?? 'by hand';
  Object.assign(world.facts.execution, { status: 'stopped', stoppedAt: at, stopReason });
}

function endStage(world: World, details: Details, at: string): void {
  world.facts.execution.endedStages.push({ stage: textOf(details, 'stage') ?? '', at });
}

function skipByHand(world: World, details: Details, at: string): void {
  endStep(world, textOf(details, 'step') ?? '', numberOf(details, 'occurrence', 1), {
    state: 'skipped',
    endedAt: at,
    reason: { code: 'by_person' },
  });
}

/** What became of a message after it was sent, as a provider tells it. */
function setMessageStatus(world: World, details: Details): void {
  const { messages } = world.facts;
  const step = textOf(details, 'step') ?? '';
  messages[step] = { ...messages[step], status: textOf(details, 'status') ?? 'sent' };
}

/** Messages of other journeys to this couple, which count for the cap. */
function countOthers(world: World, details: Details, at: string): void {
  const { sentOn } = world.facts;
  const on = textOf(details, 'on') ?? at.slice(0, 10);
  sentOn[on] = (sentOn[on] ?? 0) + numberOf(details, 'count', 1);
}
