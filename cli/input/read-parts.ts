import { parseDefinition, type JourneyDefinition } from '../../journeys/definition.ts';
import type { ValidationContext } from '../../journeys/examined.ts';
import { parseFacts, parseLedger, type Facts, type Ledger } from '../../journeys/facts.ts';
import type { Problem } from '../../journeys/problem.ts';
import type { LocatedProblem } from '../../journeys/read-yaml.ts';
import { readDocument } from './read-document.ts';

/** What stands in a file, checked; or what is wrong with it, with line and column. */
export type PartResult<T> = { ok: true; value: T } | { ok: false; file: string; problems: LocatedProblem[] };

/** A journey from a YAML or JSON file. Throws `OperatorError` where there is no such file. */
export async function readJourney(
  file: string,
  context: ValidationContext = {},
): Promise<PartResult<JourneyDefinition>> {
  return await readPart(file, (value) => {
    const result = parseDefinition(value, context);
    return result.ok ? { ok: true, value: result.definition } : result;
  });
}

/** Facts from a YAML or JSON file. Throws `OperatorError` where there is no such file. */
export async function readFacts(file: string): Promise<PartResult<Facts>> {
  return await readPart(file, (value) => {
    const result = parseFacts(value);
    return result.ok ? { ok: true, value: result.facts } : result;
  });
}

/** A ledger from a YAML or JSON file. Throws `OperatorError` where there is no such file. */
export async function readLedger(file: string): Promise<PartResult<Ledger>> {
  return await readPart(file, (value) => {
    const result = parseLedger(value);
    return result.ok ? { ok: true, value: result.ledger } : result;
  });
}

type Parsed<T> = { ok: true; value: T } | { ok: false; problems: Problem[] };

/** Any file, read by `parse`. Throws `OperatorError` where there is no such file. */
export async function readPart<T>(file: string, parse: (value: unknown) => Parsed<T>): Promise<PartResult<T>> {
  const document = await readDocument(file);
  if (!document.ok) return { ...document, file };
  const parsed = parse(document.value);
  return parsed.ok ? parsed : { ok: false, file, problems: parsed.problems.map(document.locate) };
}
