import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument, type Document } from 'yaml';
import type { Problem } from '../../journeys/problem.ts';
import { OperatorError } from '../operator-error.ts';

/** A problem with its place in the file: line and column, from 1. */
export type LocatedProblem = Problem & { readonly line?: number; readonly column?: number };

export type DocumentResult =
  | { ok: true; value: unknown; locate: (problem: Problem) => LocatedProblem }
  | { ok: false; problems: LocatedProblem[] };

/** Far above any journey at its limits, and read in a moment. */
const MAX_BYTES = 1_000_000;

/**
 * Reads a YAML 1.2 file, of which JSON is a part. What cannot be read at all (no such file, a folder) is the caller's to
 * mend and thrown as `OperatorError`; what stands in the file and is no YAML comes back as problems with line and column.
 */
export async function readDocument(path: string): Promise<DocumentResult> {
  const text = await readText(path);
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, version: '1.2', uniqueKeys: true, prettyErrors: false });
    if (document.errors.length > 0) {
      const problems = document.errors.slice(0, 10).map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return { code: 'invalid_yaml', path: '', message: `Not valid YAML: ${error.message}`, line, column: col };
      });
      return { ok: false, problems };
    }
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    return { ok: true, value, locate: (problem) => locate(problem, document, lines) };
  } catch (error) {
    // Too many aliases, or nested so deep that the parser gives up: both are told by what they are.
    const why =
      error instanceof RangeError ? 'it is nested too deep' : error instanceof Error ? error.message : String(error);
    return { ok: false, problems: [{ code: 'invalid_yaml', path: '', message: `This file cannot be read: ${why}.` }] };
  }
}

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const why =
      error.code === 'ENOENT'
        ? 'there is no such file'
        : error.code === 'EISDIR'
          ? 'it is a folder'
          : error.code === 'EACCES'
            ? 'reading it is not allowed'
            : error.message;
    throw new OperatorError(`cannot read ${path}: ${why}. Check the path.`);
  });
  if (bytes.byteLength > MAX_BYTES) {
    throw new OperatorError(
      `${path} has ${bytes.byteLength} bytes; at most ${MAX_BYTES} are read. Is it the right file?`,
    );
  }
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

/** The line of the value that a problem is about, or of the nearest thing around it that is written down. */
function locate(problem: Problem, document: Document, lines: LineCounter): LocatedProblem {
  const path = partsOf(problem.path);
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    const range = (node as { range?: [number, number, number] } | null | undefined)?.range;
    if (range) {
      const { line, col } = lines.linePos(range[0]);
      return { ...problem, line, column: col };
    }
  }
  return problem;
}

/** `steps[3].when.at` as the keys it is made of. */
function partsOf(path: string): (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map((match) =>
    match[1] === undefined ? (match[2] ?? match[3] ?? '') : Number(match[1]),
  );
}
