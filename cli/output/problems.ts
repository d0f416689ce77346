import type { Problem } from '../../journeys/problem.ts';
import type { LocatedProblem } from '../../journeys/read-yaml.ts';
import type { Colours } from './colours.ts';
import { printable } from './printable.ts';

/** Problems for a person: `journey.yaml:12:5  error  steps[3].when  what and what to do`. */
export function problemLines(
  file: string,
  level: 'error' | 'warning',
  problems: readonly LocatedProblem[],
  colours: Colours,
): string {
  const paint = level === 'error' ? colours.red : colours.yellow;
  return problems
    .map(({ line, column, path, message }) => {
      const place = line === undefined ? file : `${file}:${line}:${column}`;
      const where = path === '' ? '' : `${colours.dim(printable(path))}: `;
      return `${colours.bold(printable(place))}  ${paint(level)}  ${where}${printable(message)}\n`;
    })
    .join('');
}

/** Problems without a file, one in a line, as in an error of usage. */
export function problemList(problems: readonly Problem[]): string {
  return problems
    .map(({ path, message }) => printable(path === '' ? `  ${message}` : `  ${path}: ${message}`))
    .join('\n');
}
