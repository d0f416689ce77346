import type { ImportReport } from '../../services/import-clients.ts';
import type { Finding } from '../../services/import-clients/findings.ts';
import type { RowStatus } from '../../services/import-clients/store-rows.ts';
import type { Colours } from './colours.ts';
import { printable } from './printable.ts';

const WORDS: Readonly<Record<RowStatus, string>> = {
  imported: 'imported',
  updated: 'updated',
  unchanged: 'there already, the same',
  different: 'there already with other values, kept (--update takes those of the file)',
  refused: 'refused',
};

/** An import for a person: what there is to say about rows, then how many of each kind. Rows without a word are counted only. */
export function importReportText(report: ImportReport, dryRun: boolean, colours: Colours): string {
  const paint = { error: colours.red, warning: colours.yellow, fixed: colours.cyan };
  const line = (where: string, { level, message }: Finding): string =>
    `${where.padEnd(8)} ${paint[level](level.padEnd(7))} ${printable(message)}`;
  const ofFile = report.findings.map((finding) => line('file', finding));
  const ofRows = report.rows.flatMap(({ row, findings, status, differences }) => [
    ...findings.map((finding) => line(`row ${row}`, finding)),
    ...(status === 'different'
      ? [`${`row ${row}`.padEnd(8)} ${colours.dim(`differs in ${differences.join(', ')}`)}`]
      : []),
  ]);
  const counts = Object.entries(report.counts)
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${WORDS[status as RowStatus]}`);
  const total = `${report.rows.length} rows: ${counts.join('; ') || 'nothing to do'}.`;
  return [...ofFile, ...ofRows, total, ...(dryRun ? ['Nothing was written: --dry-run.'] : []), ''].join('\n');
}
