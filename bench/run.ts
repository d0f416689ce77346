// `npm run bench [-- planner ...]`: measures what is promised, prints a table, and exits with 1 where a bound is broken.
import { coloursFor } from '../cli/output/colours.ts';
import { table } from '../cli/output/table.ts';
import { keepsBound, type Measurement } from './measure.ts';
import { BenchEnded } from './platform.ts';

const SUITES: Readonly<Record<string, () => Promise<Measurement[]>>> = {
  burst: async () => await (await import('./burst.ts')).burstBench(),
  database: async () => await (await import('./database.ts')).databaseBench(),
  enrolment: async () => await (await import('./enrolment.ts')).enrolmentBench(),
  execution: async () => await (await import('./execution.ts')).executionBench(),
  fairness: async () => await (await import('./fairness.ts')).fairnessBench(),
  planner: async () => await (await import('./planner.ts')).plannerBench(),
  messaging: async () => await (await import('./messaging.ts')).messagingBench(),
  workflow: async () => await (await import('./workflow.ts')).workflowBench(),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(SUITES, name));
if (unknown.length > 0) {
  process.stderr.write(`bench: there is no ${unknown.join(', ')}. There is: ${Object.keys(SUITES).join(', ')}.\n`);
  process.exit(2);
}

const colours = coloursFor(process.stdout, process.env);
let broken = 0;
for (const [name, suite] of Object.entries(SUITES)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const rows = await suite().catch((error: unknown) => {
    if (!(error instanceof BenchEnded)) throw error;
    process.stderr.write(`bench: ${name} was ended. ${error.message}\n`);
    broken += 1;
    return [];
  });
  broken += rows.filter((row) => !keepsBound(row)).length;
  process.stdout.write(`${colours.bold(name)} (Node ${process.version}, medians)\n\n${rowsTable(rows)}\n\n`);
}
if (broken > 0) {
  process.stderr.write(`bench: ${broken} bound${broken === 1 ? '' : 's'} broken.\n`);
  process.exitCode = 1;
}

function rowsTable(rows: readonly Measurement[]): string {
  return table(
    ['Measured', 'Median', 'From', 'To', 'Unit', 'Promised', ''],
    rows.map((row) => [
      { text: row.name },
      { text: figure(row.median), paint: colours.bold },
      { text: figure(row.spread[0]) },
      { text: figure(row.spread[1]) },
      { text: row.unit },
      { text: boundText(row.bound) },
      keepsBound(row) ? { text: 'kept', paint: colours.green } : { text: 'BROKEN', paint: colours.red },
    ]),
    null,
  );
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}

function boundText(bound: Measurement['bound']): string {
  if (bound === null) return '';
  return 'atMost' in bound ? `at most ${bound.atMost}` : `at least ${bound.atLeast}`;
}
