import { parse } from 'csv-parse/sync';

import type { Finding } from './findings.ts';

/** A line of the file as it stands: its cells, untrimmed. */
export interface TableRow {
  /** As a spreadsheet counts: the header is row 1. */
  readonly row: number;
  readonly cells: readonly string[];
}

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly TableRow[];
  readonly delimiter: string;
  readonly byteOrderMark: boolean;
}

const DELIMITERS = [',', ';', '\t'] as const;
const LARGEST_BYTES = 50 * 1024 * 1024;

/**
 * Takes a CSV file apart (RFC 4180; semicolons and tabulators too, whichever the header uses).
 *
 * @returns the table, or what is wrong with the whole file
 */
export function readTable(bytes: Uint8Array): { ok: true; table: Table } | { ok: false; finding: Finding } {
  const wrong = (code: string, message: string) => ({ ok: false, finding: { level: 'error', code, message } }) as const;
  if (bytes.length > LARGEST_BYTES) return wrong('file_large', 'the file is larger than 50 MB; import it in parts');
  const encoding = decode(bytes);
  if (encoding === null) {
    return wrong(
      'file_encoding',
      'the file is not UTF-8; save it as "CSV UTF-8" and import it again, or names would be spoiled',
    );
  }
  const { text, byteOrderMark } = encoding;
  if (text.includes('\0')) return wrong('file_binary', 'this is not a CSV file; export the list as "CSV UTF-8"');
  const firstLine = /^[^\r\n]*/.exec(text)?.[0] ?? '';
  if (firstLine.trim() === '')
    return wrong('file_empty', 'the first line must hold the names of the columns, and it is empty');
  const delimiter = DELIMITERS.reduce((a, b) => (firstLine.split(b).length > firstLine.split(a).length ? b : a));
  try {
    const records: string[][] = parse(text, { delimiter, relax_column_count: true, skip_empty_lines: false });
    const [header = [], ...rest] = records;
    const rows = rest
      .map((cells, index) => ({ row: index + 2, cells }))
      .filter(({ cells }) => cells.some((cell) => cell.trim() !== ''));
    return { ok: true, table: { header: header.map((name) => name.trim()), rows, delimiter, byteOrderMark } };
  } catch (error) {
    const line = (error as { lines?: unknown }).lines;
    const where = typeof line === 'number' ? ` in line ${line}` : '';
    return wrong(
      'file_quotes',
      `the quotation marks${where} do not fit together, so it cannot be told where a field ends; a quotation mark inside a field is written twice`,
    );
  }
}

/** The text, without a byte order mark; null where it is not UTF-8. */
function decode(bytes: Uint8Array): { text: string; byteOrderMark: boolean } | null {
  const byteOrderMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), byteOrderMark };
  } catch {
    return null;
  }
}
