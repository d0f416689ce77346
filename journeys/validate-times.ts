// Times which contradict each other or the organization's settings.
import { isMessage, type Step } from './step-schema.ts';
import { isElapsed, type Anchor, type Weekday, type When } from './when-schema.ts';
import type { Problem } from './problem.ts';
import { called, type Examined, type PlacedStep } from './examined.ts';

/** More occurrences than this over all steps are refused: a plan lists every one of them. */
const MAX_OCCURRENCES = 500;

const WEEKDAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri'];

/** Errors about times. */
export function findWrongTimes(examined: Examined): Problem[] {
  return [
    ...emptyWindow(examined),
    ...examined.steps.flatMap((placed) => [
      ...elapsedOnDates(placed),
      ...noCommonDay(placed, examined),
      ...resendOfRepeats(placed),
    ]),
    ...tooManyOccurrences(examined),
  ];
}

function emptyWindow({ context }: Examined): Problem[] {
  const window = context.organization?.sendWindow;
  if (!window || window.from < window.to) return [];
  const message = `The send window is from ${window.from} to ${window.to}: it must end after it begins. Correct it in the settings.`;
  return [{ code: 'window_empty', path: 'organization.sendWindow', message }];
}

/** The times a step counts: its own and those of its limits, each with its path. */
function timesOf({ step, path }: PlacedStep): [string, Pick<When, 'anchor' | 'offset' | 'usefulUntil'>][] {
  const times: [string, When | undefined][] = [[`${path}.when`, step.when]];
  if (step.type === 'wait_for') times.push([`${path}.limit`, step.limit]);
  if (step.type === 'webhook') times.push([`${path}.wait.limit`, step.wait?.limit]);
  return times.filter((entry): entry is [string, When] => entry[1] !== undefined);
}

function elapsedOnDates(placed: PlacedStep): Problem[] {
  return timesOf(placed).flatMap(([path, when]) => {
    if (!isDateWithoutTime(when.anchor)) return [];
    return (['offset', 'usefulUntil'] as const)
      .filter((key) => isElapsed(when[key]))
      .map((key) => ({
        code: 'elapsed_on_date',
        path: `${path}.${key}`,
        message: `Minutes and hours need a time of day to count from, and ${inWords(when.anchor)} has none. Use days, weeks or months, with "at" for the time.`,
      }));
  });
}

/** Dates of which only the day is known; the wedding has its time. */
function isDateWithoutTime(anchor: Anchor | undefined): boolean {
  return anchor !== undefined && (anchor.startsWith('payment_due') || anchor.startsWith('date:'));
}

function inWords(anchor: Anchor | undefined): string {
  if (anchor?.startsWith('date:')) return `the date "${anchor.slice('date:'.length)}"`;
  return 'the day a payment is due';
}

function noCommonDay({ step, path }: PlacedStep, { context }: Examined): Problem[] {
  const organization = context.organization;
  const rule = step.when?.days;
  if (!organization?.sendWindow || rule === undefined || rule === 'any' || !asksTheWindow(step)) return [];
  const allowed = rule === 'weekdays' ? WEEKDAYS : rule === 'working' ? organization.workingDays : rule;
  const window = organization.sendWindow.days;
  if (allowed.some((day) => window.includes(day))) return [];
  return [
    {
      code: 'no_common_day',
      path: `${path}.when.days`,
      message: `${called(step)} may go on ${allowed.join(', ')}, but the send window is open on ${window.join(', ')} only: it could never go. Add a day to one of them.`,
    },
  ];
}

/** The send window is for messages that are not transactional. */
function asksTheWindow(step: Step): boolean {
  return isMessage(step) && step.purpose !== 'transactional';
}

function resendOfRepeats({ step, path }: PlacedStep): Problem[] {
  if (!isMessage(step) || step.onDateChange === undefined || step.repeat === undefined) return [];
  const message = 'A step that repeats cannot follow a change of date too. Take out "onDateChange" or "repeat".';
  return [{ code: 'resend_of_repeat', path: `${path}.onDateChange`, message }];
}

function tooManyOccurrences({ steps }: Examined): Problem[] {
  const occurrences = steps.reduce((sum, { step }) => sum + (step.repeat?.times ?? 1), 0);
  if (occurrences <= MAX_OCCURRENCES) return [];
  const message = `With its repeats this journey has ${occurrences} messages and jobs; at most ${MAX_OCCURRENCES} fit. Repeat less often.`;
  return [{ code: 'too_many_occurrences', path: 'steps', message }];
}
