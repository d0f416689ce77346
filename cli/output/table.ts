import { printable } from './printable.ts';

/** A cell; `paint` colours what is printed without changing how wide it is. */
export type Cell = { readonly text: string; readonly paint?: (text: string) => string };

/**
 * Rows under their headings, columns aligned. The last column is wrapped at `width` characters where a terminal has
 * that many; null prints every row on one line, for files and pipes.
 */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[], width: number | null): string {
  const all: Cell[][] = [
    headings.map((text) => ({ text })),
    ...rows.map((row) => row.map((cell) => ({ ...cell, text: printable(cell.text) }))),
  ];
  const last = headings.length - 1;
  const widths = headings.map((_, column) => Math.max(...all.map((row) => length(row[column]?.text ?? ''))));
  const before = widths.slice(0, last).reduce((sum, size) => sum + size + 2, 0);
  const room = width === null ? Infinity : Math.max(24, width - before);
  return all
    .map((row) => {
      const cells = row.slice(0, last).map((cell, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - length(cell.text));
        return (cell.paint ?? same)(cell.text) + padding;
      });
      const { text = '', paint = same } = row[last] ?? {};
      const lines = wrap(text, room).map((line) => paint(line));
      return [...cells, lines.join(`\n${' '.repeat(before)}`)].join('  ').trimEnd();
    })
    .join('\n');
}

function same(text: string): string {
  return text;
}

function wrap(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && length(line) + 1 + length(word) > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** Characters as a reader counts them, near enough for a table: a letter with its accents is one. */
function length(text: string): number {
  return Array.from(text.normalize('NFC')).length;
}
