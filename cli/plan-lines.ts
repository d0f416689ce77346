import type { Readable, Writable } from 'node:stream';
import { createCalendar, type Calendar } from '../journeys/calendar.ts';
import { planJourney } from '../journeys/plan-journey.ts';
import type { Plan } from '../journeys/plan.ts';
import type { Problem } from '../journeys/problem.ts';
import { parsePlanRequest } from './input/plan-request.ts';
import { readLines, type Line } from './input/read-lines.ts';
import { writeOut } from './output/write-out.ts';

type Id = string | number | null;
type Answer = { id: Id; plan: Plan } | { id: Id; problems: Problem[] };

/** A line at the limits of a definition and of facts has about a megabyte. */
const MAX_LINE = 4_000_000;
/** Answers are written together: a system call a line would cost more than the plan. */
const CHUNK = 64_000;

/**
 * Answers each line of `input`, `{ id, definition, facts, ledger?, now }`, by one on `output`: `{ id, plan }` or
 * `{ id, problems }`, in the same order. Memory stays the same however many lines come. A bad line stops nothing.
 */
export async function planLines(input: Readable, output: Writable): Promise<void> {
  // What zones say is remembered over all lines: there are a few hundred zones, however many lines come.
  const calendar = createCalendar();
  let waiting = '';
  for await (const line of readLines(input, MAX_LINE)) {
    waiting += `${JSON.stringify(answer(line, calendar))}\n`;
    // Whoever sends one line and waits for its answer gets it at once; under load answers go in chunks.
    if (waiting.length < CHUNK && input.readableLength > 0) continue;
    await writeOut(output, waiting);
    waiting = '';
  }
  if (waiting !== '') await writeOut(output, waiting);
}

function answer(line: Line, calendar: Calendar): Answer {
  if ('tooLong' in line) return refused(null, 'too_long', `Line ${line.number} has more than ${MAX_LINE} characters.`);
  let asked: unknown;
  try {
    asked = JSON.parse(line.text);
  } catch (error) {
    return refused(null, 'invalid_json', `Line ${line.number} is not JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  if (typeof asked !== 'object' || asked === null || Array.isArray(asked)) {
    return refused(
      null,
      'invalid_type',
      `Line ${line.number} is not an object { id, definition, facts, ledger?, now }.`,
    );
  }
  const { id: given, ...parts } = asked as Record<string, unknown>;
  const id = typeof given === 'string' || typeof given === 'number' ? given : null;
  const result = parsePlanRequest(parts);
  if (!result.ok) return { id, problems: result.problems };
  const { definition, facts, ledger, now } = result.request;
  return { id, plan: planJourney(definition, facts, ledger, now, calendar) };
}

function refused(id: Id, code: string, message: string): Answer {
  return { id, problems: [{ code, path: '', message }] };
}
