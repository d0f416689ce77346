import { Temporal } from 'temporal-polyfill';
import type { Plan, PlannedStep, StepState } from '../../journeys/plan.ts';
import { explain } from '../../journeys/explain.ts';
import type { Colours } from './colours.ts';
import { table } from './table.ts';

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

/** A plan as a person reads it: in the order of time, what has no date yet at the end. `width`: of the terminal, or null. */
export function planTable(plan: Plan, colours: Colours, width: number | null): string {
  const steps = [...plan.steps].sort((a, b) => compare(moment(a), moment(b)));
  const rows = steps.map((step) => [
    { text: dayAndTime(step) },
    { text: step.zone ?? '', paint: colours.dim },
    { text: step.occurrence === 1 ? step.key : `${step.key} #${step.occurrence}`, paint: colours.bold },
    { text: step.type, paint: colours.dim },
    { text: step.state.replace('_', ' '), paint: colours[PAINTED[step.state]] },
    { text: explain(step) },
  ]);
  return table(['When', 'Zone', 'Step', 'Type', 'State', 'Why'], rows, width);
}

/** What happens next, in one line. */
export function nextLine({ status, next }: Plan): string {
  if (next.kind === 'finished') return `Finished: the journey is ${status}.`;
  if (next.kind === 'run') return `Next: ${next.key}${next.occurrence === 1 ? '' : ` #${next.occurrence}`}, now.`;
  return next.until === null ? 'Next: nothing until something new is known.' : `Next: wait until ${next.until}.`;
}

function moment(step: PlannedStep): string | null {
  return step.runAt ?? step.dueAt;
}

function compare(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return a < b ? -1 : 1;
}

/** `Fri 2026-11-20 11:00`: of `runAt` where it goes at another time than it is due. */
function dayAndTime(step: PlannedStep): string {
  if (step.runAt !== null && step.runAt !== step.dueAt && step.zone !== null) {
    const local = Temporal.Instant.from(step.runAt).toZonedDateTimeISO(step.zone).toPlainDateTime();
    return weekdayOf(local.toString({ smallestUnit: 'minute' }));
  }
  return step.local === null ? '' : weekdayOf(step.local);
}

/** A local `YYYY-MM-DDTHH:MM` with its day of the week. */
export function weekdayOf(local: string): string {
  const [date = '', time = ''] = local.split('T');
  return `${WEEKDAYS[Temporal.PlainDate.from(date).dayOfWeek - 1]} ${date} ${time}`.trimEnd();
}

const PAINTED: Readonly<Record<StepState, 'cyan' | 'green' | 'yellow' | 'red' | 'dim'>> = {
  planned: 'cyan',
  done: 'green',
  waiting: 'yellow',
  held: 'yellow',
  failed: 'red',
  unknown: 'red',
  will_skip: 'dim',
  skipped: 'dim',
  not_taken: 'dim',
};
