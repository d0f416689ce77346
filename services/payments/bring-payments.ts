import { z } from 'zod';

import { findImport, type RefusedRow } from '../../db/refused-rows.ts';
import type { Trx } from '../../db/tenant.ts';
import { asCsv, keepRefused, keepStillRefused } from '../refused-rows.ts';
import { importPayments, type PaymentColumns, type PaymentImport } from './import-payments.ts';

export interface BroughtPayments {
  readonly imported: number;
  readonly refused: readonly { readonly line: number; readonly message: string }[];
  /** What was refused is kept under it; null: nothing is. */
  readonly importId: string | null;
  /** Why the file as a whole could not be read. */
  readonly problem: string | null;
}

/** Brings payments from a file; what is refused is kept. */
export async function bringPayments(
  trx: Trx,
  { fileName, file }: { fileName: string; file: Uint8Array },
  mapping: PaymentColumns = {},
): Promise<BroughtPayments> {
  const list = { kind: 'payments', fileName, options: { mapping } } as const;
  let brought: PaymentImport;
  try {
    brought = await importPayments(trx, Buffer.from(file), mapping);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    const problem = `It is no CSV with a heading line: ${error.message}.`;
    const importId = await keepRefused(trx, { ...list, file, header: [], problem, refused: [] });
    return { imported: 0, refused: [], importId, problem };
  }
  const { header, imported, refused } = brought;
  const rows = refused.map(({ line, cells, message }) => ({ row: line, cells, reason: message }));
  const importId = await keepRefused(trx, { ...list, file, header, problem: null, refused: rows });
  return { imported, refused: refused.map(({ line, message }) => ({ line, message })), importId, problem: null };
}

/**
 * Tries again what was refused of a list, by the columns as they were said then and now; the rest stays kept.
 *
 * @returns null: nothing is kept under this id, or no row of it could be read
 */
export async function retryPayments(
  trx: Trx,
  importId: string,
  mapping: PaymentColumns = {},
): Promise<BroughtPayments | null> {
  const found = await findImport(trx, 'payments', importId);
  if (found === null || found.rows.length === 0) return null;
  const { list, rows } = found;
  const all = { ...saidSchema.parse(list.options).mapping, ...mapping };
  const { imported, refused } = await importPayments(trx, asCsv(list.header, rows), all);
  const still = refused.flatMap(({ index, message }): RefusedRow[] => {
    const row = rows[index];
    return row === undefined ? [] : [{ ...row, reason: message }];
  });
  const kept = await keepStillRefused(trx, { ...list, options: { mapping: all } }, still);
  const told = still.map(({ row, reason }) => ({ line: row, message: reason }));
  return { imported, refused: told, importId: kept, problem: null };
}

const saidSchema = z.object({ mapping: z.record(z.string(), z.string()).default({}) });

function isUnreadable(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('CSV_');
}
