import { createCalendar, formatLocal } from '../../journeys/calendar.ts';
import { parseDay, weekdayOf } from '../../journeys/civil.ts';
import { inTime } from '../../journeys/effects.ts';
import type { Plan, PlannedStep, StepState } from '../../journeys/plan.ts';
import { explain } from '../../journeys/explain.ts';
import type { Colours } from './colours.ts';
import { table } from './table.ts';

/** A plan as a person reads it: in the order of time, what has no date yet at the end. `width`: of the terminal, or null. */
export function planTable(plan: Plan, colours: Colours, width: number | null): string {
  const steps = [...plan.steps].sort(inTime);
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

/** `Fri 2026-11-20 11:00`: of `runAt` where it goes at another time than it is due. */
export function dayAndTime({ runAt, dueAt, local, zone }: PlannedStep): string {
  if (runAt === null || runAt === dueAt || zone === null) return local === null ? '' : withWeekday(local);
  return withWeekday(formatLocal(createCalendar().zone(zone), Date.parse(runAt)));
}

/** A local `YYYY-MM-DDTHH:MM` with its day of the week, for a reader. */
export function withWeekday(local: string): string {
  const [date = '', time = ''] = local.split('T');
  const weekday = weekdayOf(parseDay(date) ?? 0);
  return `${weekday.slice(0, 1).toUpperCase()}${weekday.slice(1)} ${date} ${time}`;
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
