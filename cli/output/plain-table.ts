import { table } from './table.ts';

/** A table without colours, as wide as the terminal. */
export function plainTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = process.stdout.isTTY ? (process.stdout.columns ?? 100) : null;
  return table(
    headings,
    rows.map((row) => row.map((text) => ({ text }))),
    width,
  );
}
