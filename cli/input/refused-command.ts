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

/**
 * What an import begins with: a file, or what was refused of an earlier one.
 *
 * @throws OperatorError where both were said, or neither
 */
export function assertOneSource(path: string | undefined, retry: string | undefined): void {
  if ((path === undefined) !== (retry === undefined)) return;
  throw new OperatorError('Say what to import: a file, or --retry with the id of an earlier import.');
}

/** How to go on with what was refused; null: nothing was kept. */
export function keptWords(kind: ImportKind, importId: string | null, organization: string): string | null {
  if (importId === null) return null;
  return `What was refused is kept. Try it again: wedsync ${kind} import --retry ${importId} --organization ${organization}`;
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
