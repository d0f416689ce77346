// Conditions over what is known. A missing value makes every comparison false, and the answer says which was missing.
import type { Comparison, Condition } from './definition.ts';

/** Reads a field such as `client.tags`; undefined, null and an empty text are missing. */
export type FieldReader = (field: string) => unknown;

export type Answer = {
  readonly holds: boolean;
  /** The fields that were asked for and had no value. */
  readonly missing: readonly string[];
};

/** Whether `condition` holds for what `read` knows. */
export function evaluate(condition: Condition, read: FieldReader): Answer {
  const missing = new Set<string>();
  const holds = check(condition, read, missing);
  return { holds, missing: [...missing] };
}

/** The first field a condition asks for: enough to say in one sentence what it was about. */
export function firstField(condition: Condition): string {
  if ('not' in condition) return firstField(condition.not);
  if ('field' in condition) return condition.field;
  const [first] = 'all' in condition ? condition.all : condition.any;
  return first ? firstField(first) : '';
}

/** Every part is asked, also where the answer is clear already, so that all missing values are named. */
function check(condition: Condition, read: FieldReader, missing: Set<string>): boolean {
  if ('not' in condition) return !check(condition.not, read, missing);
  if ('all' in condition) return condition.all.filter((part) => !check(part, read, missing)).length === 0;
  if ('any' in condition) return condition.any.filter((part) => check(part, read, missing)).length > 0;
  const value = read(condition.field);
  const isMissing = value === undefined || value === null || value === '';
  if (condition.isSet !== undefined) return condition.isSet !== isMissing;
  if (isMissing) {
    missing.add(condition.field);
    return false;
  }
  return compare(condition, value);
}

function compare(condition: Comparison, value: unknown): boolean {
  if (condition.is !== undefined) return value === condition.is;
  if (condition.isNot !== undefined) return value !== condition.isNot;
  if (condition.in !== undefined) return condition.in.some((one) => one === value);
  if (condition.has !== undefined) return has(value, condition.has);
  if (condition.before !== undefined) return order(value, condition.before) === -1;
  if (condition.after !== undefined) return order(value, condition.after) === 1;
  const number = typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN;
  if (condition.gt !== undefined) return number > condition.gt;
  if (condition.gte !== undefined) return number >= condition.gte;
  if (condition.lt !== undefined) return number < condition.lt;
  if (condition.lte !== undefined) return number <= condition.lte;
  return false;
}

function has(value: unknown, part: string | number | boolean): boolean {
  if (Array.isArray(value)) return value.includes(part);
  return typeof value === 'string' && typeof part === 'string' && value.includes(part);
}

/**
 * Compares two dates, or two instants: -1 before, 1 after, 0 the same, null where one of them is neither. A date and an
 * instant are compared by the day.
 */
function order(value: unknown, point: string): -1 | 0 | 1 | null {
  if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) return null;
  const byDay = value.length === 10 || point.length === 10;
  const left = byDay ? value.slice(0, 10) : Date.parse(value);
  const right = byDay ? point.slice(0, 10) : Date.parse(point);
  return left < right ? -1 : left > right ? 1 : 0;
}
