import type { LogEntry, StepFate } from '../../journeys/simulate.ts';
import type { Colours } from './colours.ts';
import { withWeekday } from './plan-table.ts';
import { table, type Cell } from './table.ts';

const PAINTED: Readonly<Record<StepFate, 'green' | 'cyan' | 'yellow' | 'dim'>> = {
  sent: 'green',
  done: 'green',
  task_instead: 'green',
  task_besides: 'green',
  answered: 'cyan',
  held: 'yellow',
  skipped: 'dim',
  not_taken: 'dim',
};

/** The log of a rehearsal as a person reads it. `width`: of the terminal, or null. */
export function logTable(log: readonly LogEntry[], colours: Colours, width: number | null): string {
  const rows = log.map((entry): Cell[] => {
    if (entry.kind === 'event') {
      return [
        { text: withWeekday(entry.local) },
        { text: '', paint: colours.dim },
        { text: entry.event, paint: colours.magenta },
        { text: 'event', paint: colours.dim },
        { text: '' },
        { text: '' },
      ];
    }
    const outcome = entry.outcome === null ? '' : `: ${entry.outcome}`;
    const to = entry.to.length === 0 ? '' : `To ${entry.to.join(' and ')}. `;
    return [
      { text: withWeekday(entry.local) },
      { text: entry.zone, paint: colours.dim },
      { text: entry.occurrence === 1 ? entry.key : `${entry.key} #${entry.occurrence}`, paint: colours.bold },
      { text: entry.type, paint: colours.dim },
      { text: entry.fate.replace('_', ' ') + outcome, paint: colours[PAINTED[entry.fate]] },
      { text: to + entry.why },
    ];
  });
  return table(['When', 'Zone', 'What', 'Type', 'Became', 'Why'], rows, width);
}
