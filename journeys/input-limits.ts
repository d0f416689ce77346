import { clip, formatPath, type Problem } from './problem.ts';

/** What may come in at all, before anybody looks at its meaning. A definition at its own limits stays far below. */
const LIMITS = { nodes: 50_000, keys: 5_000, depth: 40, text: 20_000, allText: 1_000_000 } as const;

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Refuses what is too large, too deep or dangerous to look at, at the first thing found, so that a hostile input costs
 * a walk of bounded length and never reaches recursive code or a regular expression. Null where nothing is wrong.
 */
export function refuseOversized(input: unknown): Problem | null {
  const budget = { nodes: LIMITS.nodes, text: LIMITS.allText };
  return walk(input, [], budget);
}

type Budget = { nodes: number; text: number };

/** One path for the whole walk, longer and shorter again: a copy for every value would cost more than the walk. */
function walkInto(value: unknown, key: string | number, path: (string | number)[], budget: Budget): Problem | null {
  path.push(key);
  const found = walk(value, path, budget);
  path.pop();
  return found;
}

function walk(value: unknown, path: (string | number)[], budget: Budget): Problem | null {
  budget.nodes -= 1;
  if (budget.nodes < 0) return tooLarge(`more than ${LIMITS.nodes} values`);
  if (typeof value === 'string') {
    budget.text -= value.length;
    if (value.length > LIMITS.text) {
      return {
        code: 'too_long',
        path: formatPath(path),
        message: `This text has ${value.length} characters; at most ${LIMITS.text} are read. Shorten it.`,
      };
    }
    return budget.text < 0 ? tooLarge(`more than ${LIMITS.allText} characters`) : null;
  }
  if (typeof value !== 'object' || value === null) return null;
  if (path.length >= LIMITS.depth) {
    return {
      code: 'too_deep',
      path: formatPath(path.slice(0, 8)),
      message: `Nested more than ${LIMITS.depth} levels deep. Nothing in WedSync needs that; take levels out.`,
    };
  }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const found = walkInto(value[index], index, path, budget);
      if (found) return found;
    }
    return null;
  }
  const keys = Object.keys(value);
  if (keys.length > LIMITS.keys) {
    return {
      code: 'too_large',
      path: formatPath(path),
      message: `Has ${keys.length} names; at most ${LIMITS.keys} are read in one place. Leave out what is not needed.`,
    };
  }
  for (const key of keys) {
    if (FORBIDDEN_KEYS.has(key)) {
      return {
        code: 'forbidden_key',
        path: formatPath([...path, key]),
        message: `"${key}" cannot be used as a name. Choose another one.`,
      };
    }
    if (key.length > 200) {
      return { code: 'too_long', path: formatPath(path), message: `The name "${clip(key)}" is too long. Shorten it.` };
    }
    const found = walkInto((value as Record<string, unknown>)[key], key, path, budget);
    if (found) return found;
  }
  return null;
}

function tooLarge(what: string): Problem {
  return { code: 'too_large', path: '', message: `This is too large to be read (${what}). Split it up.` };
}
