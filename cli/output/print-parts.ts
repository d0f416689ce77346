import type { PartResult } from '../input/read-parts.ts';
import { coloursFor } from './colours.ts';
import { problemLines } from './problems.ts';
import { writeOut } from './write-out.ts';

/**
 * Says what is wrong with files that were asked about, and sets exit code 1: for a person on stderr, with `json` as
 * `{ problems }` on stdout.
 */
export async function printParts(parts: readonly PartResult<unknown>[], json: boolean): Promise<void> {
  process.exitCode = 1;
  const wrong = parts.filter((part) => !part.ok);
  if (json) {
    const problems = wrong.flatMap(({ file, problems: found }) => found.map((problem) => ({ file, ...problem })));
    return await writeOut(process.stdout, `${JSON.stringify({ problems }, null, 2)}\n`);
  }
  const colours = coloursFor(process.stderr, process.env);
  const text = wrong.map(({ file, problems }) => problemLines(file, 'error', problems, colours)).join('');
  return await writeOut(process.stderr, text);
}
