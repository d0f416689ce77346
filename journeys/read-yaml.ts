import { CST, Lexer, LineCounter, parseDocument, type Document } from 'yaml';
import type { Problem } from './problem.ts';

/** A problem with its place in a file: line and column, from 1. */
export type LocatedProblem = Problem & { readonly line?: number; readonly column?: number };

export type YamlResult =
  | { ok: true; value: unknown; locate: (problem: Problem) => LocatedProblem }
  | { ok: false; problems: LocatedProblem[] };

/** Twice a journey at its limits. A parser builds a tree of everything it is given; the lexer only counts. */
const LIMITS = {
  characters: 1_000_000,
  signs: 40_000,
  tokens: 60_000,
  token: 50_000,
  depth: 64,
  aliases: 100,
} as const;

/**
 * Reads YAML 1.2, of which JSON is a part (`on`, `yes`, `no` are words). What is no YAML comes back as problems with line
 * and column; what is large, deep or full of aliases beyond any journey is refused before it is parsed. Never throws.
 */
export function readYaml(source: string): YamlResult {
  const text = source.replace(/^\uFEFF/, '');
  const lines = new LineCounter();
  const refused = refuseLarge(text);
  if (refused !== null) return readLargeJson(text) ?? { ok: false, problems: [refused] };
  try {
    const document = parseDocument(text, { lineCounter: lines, version: '1.2', prettyErrors: false });
    if (document.errors.length > 0) {
      const problems = document.errors.slice(0, 10).map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return {
          code: 'invalid_yaml',
          path: '',
          message: `Not valid YAML: ${inWords(error.message)}`,
          line,
          column: col,
        };
      });
      return { ok: false, problems };
    }
    const value: unknown = document.toJS({ maxAliasCount: LIMITS.aliases });
    return { ok: true, value, locate: (problem) => locate(problem, document, lines) };
  } catch (error) {
    return { ok: false, problems: [unreadable(inWords(error instanceof Error ? error.message : String(error)))] };
  }
}

/**
 * Facts written by a program may be long, and JSON can be read whatever its length: it has no aliases, and its depth is
 * looked at by whoever parses the value. There are no lines to tell then.
 */
function readLargeJson(text: string): YamlResult | null {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    return { ok: true, value: JSON.parse(text), locate: (problem) => problem };
  } catch {
    return null;
  }
}

/** The parser's own words, but for those about its inside. */
function inWords(message: string): string {
  return message.includes('call stack') ? 'it is nested too deep' : message;
}

function unreadable(why: string): Problem {
  return { code: 'unreadable', path: '', message: `This cannot be read: ${why}.` };
}

function refuseLarge(text: string): Problem | null {
  if (text.length > LIMITS.characters) return unreadable(`it has more than ${LIMITS.characters} characters`);
  if (signsIn(text) > LIMITS.signs) return unreadable('it is many times larger than any journey');
  const count = { tokens: 0, aliases: 0, flow: 0, inLine: 0 };
  let scalarFollows = false;
  for (const token of new Lexer().lex(text)) {
    count.tokens += 1;
    if (count.tokens > LIMITS.tokens) return unreadable('it is many times larger than any journey');
    if (token.length > LIMITS.token) return unreadable(`it holds a text of ${token.length} characters`);
    const type = scalarFollows ? 'scalar' : CST.tokenType(token);
    scalarFollows = token === CST.SCALAR && !scalarFollows;
    if (type === 'newline') count.inLine = 0;
    else if (type === 'alias') count.aliases += 1;
    else if (type === 'flow-seq-start' || type === 'flow-map-start') count.flow += 1;
    else if (type === 'flow-seq-end' || type === 'flow-map-end') count.flow -= 1;
    else if (type === 'seq-item-ind' || type === 'explicit-key-ind') count.inLine += 1;
    if (count.aliases > LIMITS.aliases) return unreadable(`it has more than ${LIMITS.aliases} aliases (*)`);
    if (count.flow > LIMITS.depth || count.inLine > LIMITS.depth) return unreadable('it is nested too deep');
  }
  return null;
}

/** Colons, commas and ends of lines, each of which is hardly less than a token: counted in a fraction of the time. */
function signsIn(text: string): number {
  let signs = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === COLON || code === COMMA || code === NEWLINE) signs += 1;
  }
  return signs;
}

const COLON = 0x3a;
const COMMA = 0x2c;
const NEWLINE = 0x0a;

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
