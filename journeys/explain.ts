// One English sentence for each reason, in a supplier's words.
import { assertNever } from './assert-never.ts';
import { createCalendar, formatLocal } from './calendar.ts';
import { formatDay, parseDay } from './civil.ts';
import {
  byChannel,
  eventInWords,
  failedConditionInWords,
  fieldInWords,
  ofChannel,
  spaced,
  stopInWords,
} from './field-in-words.ts';
import type { PlannedStep } from './plan.ts';
import { reasonSchema, type Reason } from './reasons.ts';

/** What a sentence needs of a step; a row of the ledger will do. */
export type Explained = Pick<PlannedStep, 'dueAt' | 'local' | 'zone' | 'reason'>;

/**
 * Why a step stands as it does: "Moved from Sunday 14 March to Monday 15 March because you don't work on Sundays."
 *
 * @param nameOf what another step is called, by its key; left out, that is the key
 */
export function explain(step: Explained, nameOf: (key: string) => string = (key) => key): string {
  const reason = reasonSchema.safeParse(step.reason);
  // What an old ledger wrote down may lack the details that a sentence needs.
  if (!reason.success) return `Recorded: ${spaced(step.reason.code)}.`;
  const sentence = sentenceFor(step, reason.data, nameOf);
  const also = 'also' in reason.data ? (reason.data.also ?? []) : [];
  return also.length === 0 ? sentence : `${sentence} (Besides: ${also.map(spaced).join(', ')}.)`;
}

function sentenceFor(step: Explained, reason: Reason, nameOf: (key: string) => string): string {
  const local = (instant: string): string => momentIn(step.zone, instant);
  switch (reason.code) {
    case 'on_time':
      return 'Goes as planned.';
    case 'rolled':
      return `Moved from ${dayWords(reason.from)} to ${dayWords(step.local)} because ${closedWords(reason)}.`;
    case 'window':
      return `Moved from ${dayWords(reason.from)} at ${reason.from.slice(11)} to ${dayWords(step.local)} at ${step.local?.slice(11) ?? ''} because you send messages between ${reason.opens} and ${reason.closes}.`;
    case 'caught_up':
      return `Caught up: it was due on ${local(reason.was)}.`;
    case 'daily_cap':
      return `Moved on from ${local(reason.was)} because this couple gets at most ${count(reason.cap, 'message')} a day.`;
    case 'retry':
      if (reason.attempts === 0 && reason.problem !== undefined) return `Goes later. ${reason.problem}`;
      return `Will be tried again; ${count(reason.attempts, 'attempt')} did not get through${reason.problem === undefined ? '' : ` (${reason.problem.replace(/\.$/, '')})`}.`;
    case 'overdue':
      return `Late: it was due on ${local(reason.was)}.`;
    case 'anchor_missing':
      return `Waits for ${fieldInWords(reason.field, nameOf)}.`;
    case 'postponed':
      return 'Waits for the new wedding date: the wedding is postponed.';
    case 'waiting_for_step':
      return `Waits for "${nameOf(reason.step)}" to finish.`;
    case 'waiting_for_answer':
      return `Goes only if the answer of "${nameOf(reason.step)}" is ${reason.arm}, which is not known yet.`;
    case 'waiting_for_event':
      return reason.until === null
        ? `Waits for ${eventInWords(reason.event)}.`
        : `Waits for ${eventInWords(reason.event)}, until ${local(reason.until)}.`;
    case 'needs_approval':
      return `Needs your OK by ${local(reason.until)}; otherwise ${fallbackWords(reason.fallback)}.`;
    case 'paused':
      return `Held${reason.until === undefined ? '' : ` until ${local(reason.until)}`}: ${pauseWords(reason)}${reason.why === undefined ? '' : ` (${reason.why})`}.`;
    case 'settling':
      return `Held until ${local(reason.until)}, in case the date that was just changed is changed again.`;
    case 'needs_answer':
      return reason.question === 'past'
        ? `Was due on ${local(reason.was)}, which has passed: say whether it should still go.`
        : `Fell due on ${local(reason.was)} while paused: say whether it should still go.`;
    case 'stopped':
      return `Skipped: the journey was stopped on ${local(reason.at)}${reason.why === undefined ? '' : ` (${stopInWords(reason.why)})`}.`;
    case 'stage_ended':
      return `Skipped: the stage "${reason.stage}" ended on ${local(reason.at)}.`;
    case 'already_paid':
      return `Skipped: the ${spaced(reason.payment)} is already paid.`;
    case 'only_if':
      return `Skipped: ${failedConditionInWords(reason.field, reason.missing ?? [], nameOf)}.`;
    case 'repeat_ended':
      return 'Skipped: what it asks for has happened, so it is not repeated.';
    case 'past':
      return `Skipped: its time, ${local(reason.was)}, had already passed.`;
    case 'missed_while_held':
      return `Skipped: it fell due on ${local(reason.was)}, while paused.`;
    case 'past_useful':
      return `Skipped: it would go too late to be useful (until ${endIn(step.zone, reason.usefulUntil)}).`;
    case 'superseded':
      return `Skipped: "${nameOf(reason.by)}" was due later and takes its place.`;
    case 'no_address':
      return `Skipped: there is no ${reason.channel === 'email' ? 'email address' : 'phone number'} to send it to.`;
    case 'suppressed':
      return `Skipped: the recipient has opted out of ${ofChannel(reason.channel)}.`;
    case 'no_consent':
      return `Skipped: there is no consent to ${reason.purpose} messages by ${byChannel(reason.channel)}.`;
    case 'rejected':
      return `Skipped: you said no on ${local(reason.at)}.`;
    case 'not_approved':
      return reason.fallback === 'task'
        ? `Not sent: nobody approved it by ${local(reason.deadline)}, so a task takes its place.`
        : `Skipped: nobody approved it by ${local(reason.deadline)}.`;
    case 'if_missing':
      return `Skipped: ${fieldInWords(reason.field, nameOf)} is not known.`;
    case 'never_came':
      return `Skipped: it waited in vain for ${fieldInWords(reason.field, nameOf)}.`;
    case 'by_person':
      return 'Skipped by hand.';
    case 'other_arm':
      return `Does not apply: "${nameOf(reason.step)}" went the other way.`;
    case 'dependency_not_taken':
      return `Does not apply: "${nameOf(reason.step)}", from which it counts, did not happen.`;
    case 'done':
      return 'Done.';
    case 'failed':
      return 'Could not be carried out.';
    case 'unknown':
      return 'Nobody knows yet whether it was sent: the answer was lost on the way.';
    default:
      return assertNever(reason);
  }
}

type Paused = Extract<Reason, { code: 'paused' }>;
type Rolled = Extract<Reason, { code: 'rolled' }>;

function pauseWords(reason: Paused): string {
  switch (reason.scope) {
    case 'organization':
      return 'everything is paused';
    case 'journey':
      return 'this journey is paused';
    case 'client':
    case 'execution':
      return 'this couple is paused';
    case 'channel':
      return `${ofChannel(reason.channel ?? 'messages')} are paused`;
    case 'postponed':
      return 'the wedding is postponed';
    default:
      return assertNever(reason.scope);
  }
}

function closedWords(reason: Rolled): string {
  const weekday = weekdayName(reason.from);
  switch (reason.closed) {
    case 'not_working':
      return `you don't work on ${weekday}s`;
    case 'closed_on':
      return 'you are closed that day';
    case 'weekday':
      return `it does not go on ${weekday}s`;
    default:
      return assertNever(reason.closed);
  }
}

function fallbackWords(fallback: 'send' | 'skip' | 'task'): string {
  if (fallback === 'send') return 'it goes without';
  return fallback === 'skip' ? 'it is skipped' : 'a task takes its place';
}

const WEEKDAYS = ['Thursday', 'Friday', 'Saturday', 'Sunday', 'Monday', 'Tuesday', 'Wednesday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

function weekdayName(local: string): string {
  const day = parseDay(local.slice(0, 10)) ?? 0;
  return WEEKDAYS[((day % 7) + 7) % 7] ?? '';
}

/** "Sunday 14 March", of a local time; the names are our own, so that no locale of the machine has a say. */
function dayWords(local: string | null): string {
  const day = local === null ? null : parseDay(local.slice(0, 10));
  if (local === null || day === null) return 'another day';
  const [, month = '', date = ''] = formatDay(day).split('-');
  return `${weekdayName(local)} ${Number(date)} ${MONTHS[Number(month) - 1] ?? ''}`;
}

/** "Sunday 14 March 2027 at 09:00", on the wall clock of the step; of a step without a zone by that of UTC. */
function momentIn(zone: string | null, instant: string): string {
  const local = formatLocal(createCalendar().zone(zone ?? 'UTC'), Date.parse(instant));
  return `${dayWords(local)} ${local.slice(0, 4)} at ${local.slice(11)}`;
}

/** The first instant that is too late, as it is spoken of: midnight is the end of the day before. */
function endIn(zone: string | null, instant: string): string {
  const moment = momentIn(zone, instant);
  if (!moment.endsWith(' at 00:00')) return moment;
  const dayBefore = new Date(Date.parse(instant) - 60_000).toISOString();
  return `the end of ${momentIn(zone, dayBefore).replace(/ at .*$/, '')}`;
}

function count(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? '' : 's'}`;
}
