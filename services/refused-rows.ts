import { createHash } from 'node:crypto';

import { forgetImport, keepImport, type KeptImport, type RefusedRow } from '../db/refused-rows.ts';
import type { Trx } from '../db/tenant.ts';

/** More rows of one list are not kept: a list that is wrong from end to end is exported again. */
const MOST_ROWS = 10_000;
const LONGEST_CELL = 2_000;

/** A list that was brought, as far as it could be. */
export interface BroughtList extends Omit<KeptImport, 'id' | 'fileSha256'> {
  readonly file: Uint8Array;
  readonly refused: readonly RefusedRow[];
}

/**
 * Keeps the rows of a list that were refused, each with its reason, so that they can be tried again once the mapping or
 * what they refer to is mended; forgets a list of which nothing is refused any more.
 *
 * @returns the id of what is kept; null: nothing is
 */
export async function keepRefused(trx: Trx, { file, refused, ...list }: BroughtList): Promise<string | null> {
  return keepStillRefused(trx, { ...list, fileSha256: createHash('sha256').update(file).digest() }, refused);
}

/** The same for a list that was kept before and has been tried again. */
export async function keepStillRefused(
  trx: Trx,
  list: Omit<KeptImport, 'id'>,
  refused: readonly RefusedRow[],
): Promise<string | null> {
  if (refused.length === 0 && list.problem === null) {
    await forgetImport(trx, list.kind, list.fileSha256);
    return null;
  }
  const rows = refused.slice(0, MOST_ROWS).map(({ row, cells, reason }) => ({
    row,
    // Postgres keeps no NUL in text.
    cells: cells.map((cell) => cell.slice(0, LONGEST_CELL).replaceAll('\0', '\uFFFD')),
    reason: reason.slice(0, LONGEST_CELL),
  }));
  const fileName = list.fileName.slice(-200) || 'list.csv';
  return keepImport(trx, { ...list, fileName }, rows);
}

/** The rows as a list again (RFC 4180), in their order. */
export function asCsv(header: readonly string[], rows: readonly Pick<RefusedRow, 'cells'>[]): Buffer {
  const line = (cells: readonly string[]): string => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',');
  return Buffer.from([header, ...rows.map(({ cells }) => cells)].map(line).join('\r\n'));
}
