import { checkRow, type CheckedRow, type ImportedCouple, type RowRules } from './check-row.ts';
import { errorIn, type Finding } from './findings.ts';
import { sameAddress } from './read-contact.ts';
import type { Table } from './read-table.ts';

/** Reads every row, and what rows say about each other: the same couple twice is imported once. */
export function checkRows(table: Table, rules: RowRules): CheckedRow[] {
  const seen = new Map<string, number>();
  return table.rows.map((tableRow, index) => {
    const checked = withByteOrderMark(checkRow(tableRow, rules), table.byteOrderMark && index === 0);
    if (checked.couple === null) return checked;
    const repeated = keysOf(checked.couple).flatMap(({ key, finding }) => {
      const before = seen.get(key);
      return before === undefined ? [] : [finding(before)];
    });
    if (repeated.length > 0) return { ...checked, couple: null, findings: [...checked.findings, ...repeated] };
    for (const { key } of keysOf(checked.couple)) seen.set(key, checked.row);
    return checked;
  });
}

function withByteOrderMark(checked: CheckedRow, marked: boolean): CheckedRow {
  if (!marked) return checked;
  const finding: Finding = {
    level: 'fixed',
    code: 'byte_order_mark',
    message:
      "the file begins with a byte order mark, which is not part of the first column's name; this row is imported",
  };
  return { ...checked, findings: [finding, ...checked.findings] };
}

/** By what a couple is recognised: the supplier's own key, an address, or else both names and the date. */
function keysOf(couple: ImportedCouple): { key: string; finding: (row: number) => Finding }[] {
  const keys: { key: string; finding: (row: number) => Finding }[] = [];
  if (couple.externalId !== undefined) {
    keys.push({
      key: `id ${couple.externalId}`,
      finding: (row) =>
        errorIn(
          'external_id',
          'same_id',
          `the same external id is in row ${row}; the row is not imported, and row ${row} is not overwritten`,
        ),
    });
  }
  const addresses = new Set(
    [couple.email, couple.partner2Email].flatMap((email) => (email ? [sameAddress(email)] : [])),
  );
  for (const address of addresses) {
    keys.push({
      key: `email ${address}`,
      finding: (row) =>
        errorIn(
          'email',
          'same_email',
          `the same email address is in row ${row} (capital letters do not count); the row is not imported, and row ${row} is not overwritten`,
        ),
    });
  }
  if (keys.length === 0) {
    keys.push({
      key: `names ${couple.partner1Name.toLowerCase()} & ${couple.partner2Name.toLowerCase()} ${couple.weddingOn ?? ''}`,
      finding: (row) =>
        errorIn(
          'partner_1_name',
          'same_names',
          `the same names and date are in row ${row}, and there is neither an address nor an external id to tell them apart`,
        ),
    });
  }
  return keys;
}
