import type { z } from 'zod';

/**
 * One thing that is wrong with what somebody wrote. `path` says where, in the spelling of the file
 * (`steps[3].when.ifPast`; empty for the whole), `message` what it means and what to do about it, in a supplier's words.
 */
export type Problem = { readonly code: string; readonly path: string; readonly message: string };

/** More than this many are noise: whoever repairs the first fifty validates again anyway. */
export const MAX_PROBLEMS = 50;

const PLAIN_KEY = /^[A-Za-z_$][A-Za-z0-9_$-]*$/;

/** A path as it is read in a file: `steps[3].when`, and `sentOn["2027-06-12"]` where a key is not a plain word. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (PLAIN_KEY.test(String(part))) text += text === '' ? String(part) : `.${String(part)}`;
    else text += `[${JSON.stringify(clip(String(part), 40))}]`;
  }
  return text;
}

/** Text of unknown size, cut so that it can stand in a message. */
export function clip(text: string, length = 60): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/**
 * What zod found, as problems; the input must be reported with the issues (`reportInput`). A refinement chooses its own
 * code with `params: { code }`.
 */
export function problemsOf(error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, [])).slice(0, MAX_PROBLEMS);
}

function problemsOfIssue(issue: z.core.$ZodIssue, before: readonly PropertyKey[]): Problem[] {
  const path = [...before, ...issue.path];
  if (issue.code === 'invalid_union') {
    // Where one of the forms was plainly meant, its own problems say more than the list of forms.
    const meant = issue.errors.find((branch) => branch.every(isInside));
    if (meant !== undefined && meant.length > 0) return meant.flatMap((inner) => problemsOfIssue(inner, path));
  }
  // What is wrong with a name is told by the schema of names.
  const message = (issue.code === 'invalid_key' && issue.issues[0]?.message) || issue.message;
  return [{ code: codeOf(issue), path: formatPath(path), message }];
}

/** True for an issue about a part, or about the sense, of what had the right form. */
function isInside(issue: z.core.$ZodIssue): boolean {
  return issue.path.length > 0 || !['invalid_type', 'invalid_value', 'invalid_union'].includes(issue.code);
}

function codeOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'custom' && typeof issue.params?.code === 'string') return issue.params.code;
  if (issue.code === 'unrecognized_keys') return 'unknown_key';
  return issue.input === undefined && issue.code === 'invalid_type' ? 'missing' : issue.code;
}
