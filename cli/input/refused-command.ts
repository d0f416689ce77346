import { InvalidArgumentError, type Command } from 'commander';

import type { ImportKind } from '../../db/domain.ts';
import { listRefusedRows, type RefusedLine } from '../../db/refused-rows.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';
import { plainTable } from '../output/plain-table.ts';

/** `wedsync clients refused`, `wedsync payments refused`. */
export function refusedCommand(kind: ImportKind): Command {
  return organizationCommand('refused')
    .description('Show the rows of lists that were refused, and why. They are kept for 90 days.')
    .option('--limit <number>', 'how many, the latest first', count, 100)
    .addHelpText('after', `\nTry them again: wedsync ${kind} import --retry <import> --organization <slug>`)
    .action(async (options: OrganizationOptions & { limit: number }) => {
      const rows = await inOrganization(options, (trx) => listRefusedRows(trx, kind, options.limit));
      await print(options, rows.map(forMachines), wordsOf(rows));
    });
}

/** A row by the names of its columns. */
function forMachines({ header, cells, ...row }: RefusedLine): unknown {
  return {
    ...row,
    cells: Object.fromEntries(cells.map((cell, index) => [header[index] ?? `column ${index + 1}`, cell])),
  };
}

function wordsOf(rows: readonly RefusedLine[]): string {
  if (rows.length === 0) return 'Nothing that was refused is kept.';
  const lines = rows.map(({ importId, fileName, row, reason }) => [importId, fileName, String(row), reason]);
  return plainTable(['IMPORT', 'FILE', 'ROW', 'REASON'], lines);
}

/** What to say where a retry finds nothing. */
export function nothingKept(kind: ImportKind, importId: string): OperatorError {
  return new OperatorError(
    `No refused rows are kept under "${importId}". Look: wedsync ${kind} refused. A file that could not be read at all is imported again once it is corrected.`,
  );
}

function count(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= 10_000) return number;
  throw new InvalidArgumentError('A whole number from 1 to 10000.');
}
