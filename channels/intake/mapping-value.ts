import type { CONVERSIONS, DATE_FORMATS, MappingValue, MappingWhen } from './mapping-schema.ts';

/** A value as it was found, or what is wrong with it. Undefined: the message has nothing there. */
export type ValueResult = { ok: true; value: Value | undefined } | { ok: false; problem: string };
export type Value = string | number | boolean | string[];

const LONGEST_TEXT = 10_000;

/** Reads one value of a message. Nothing there is not a problem; a value that is not what it should be is one. */
export function readValue(message: unknown, source: MappingValue): ValueResult {
  if ('value' in source) return { ok: true, value: source.value };
  if ('first' in source) return firstOf(message, source.first);
  if ('join' in source) return joined(message, source.join, source.with ?? ' ');
  const found = at(message, source.path);
  if (found === undefined || found === null || found === '') return { ok: true, value: undefined };
  const converted = convert(found, source.as ?? 'text', source.format ?? null);
  if (!converted.ok || source.map === undefined) return prefixed(converted, source.path);
  const ours = Object.hasOwn(source.map, String(converted.value)) ? source.map[String(converted.value)] : undefined;
  if (ours !== undefined) return { ok: true, value: ours };
  return { ok: false, problem: `${source.path}: "${String(converted.value)}" is not in the list of words` };
}

/** True where all conditions hold for the message. */
export function holds(message: unknown, conditions: readonly MappingWhen[]): boolean {
  return conditions.every((condition) => {
    const found = at(message, condition.path);
    if ('isSet' in condition) return (found !== undefined && found !== null && found !== '') === condition.isSet;
    const wanted = 'is' in condition ? [condition.is] : condition.in;
    return wanted.some((word) => word === found || String(word) === String(found));
  });
}

/** What stands at a JSON Pointer (RFC 6901); undefined where nothing does. Only own keys, never inherited ones. */
export function at(message: unknown, pointer: string): unknown {
  let here = message;
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined;
    here = (here as Record<string, unknown>)[name];
  }
  return here;
}

function firstOf(message: unknown, sources: readonly MappingValue[]): ValueResult {
  for (const source of sources) {
    const result = readValue(message, source);
    if (!result.ok || result.value !== undefined) return result;
  }
  return { ok: true, value: undefined };
}

function joined(message: unknown, sources: readonly MappingValue[], between: string): ValueResult {
  const parts: string[] = [];
  for (const source of sources) {
    const result = readValue(message, source);
    if (!result.ok) return result;
    if (result.value !== undefined) parts.push(String(result.value));
  }
  return { ok: true, value: parts.length === 0 ? undefined : parts.join(between) };
}

function convert(
  found: unknown,
  as: (typeof CONVERSIONS)[number],
  format: (typeof DATE_FORMATS)[number] | null,
): ValueResult {
  if (as === 'list') return listOf(found);
  if (typeof found !== 'string' && typeof found !== 'number' && typeof found !== 'boolean') {
    return { ok: false, problem: 'is a list or an object, not a value' };
  }
  const text = String(found).trim();
  if (text.length > LONGEST_TEXT) return { ok: false, problem: `has more than ${LONGEST_TEXT} characters` };
  switch (as) {
    case 'text':
      return { ok: true, value: text };
    case 'lower':
      return { ok: true, value: text.toLowerCase() };
    case 'number':
      return NUMBER.test(text) ? { ok: true, value: Number(text) } : { ok: false, problem: 'is not a number' };
    case 'cents':
      return cents(text);
    case 'boolean':
      if (/^(true|yes|1|on)$/i.test(text)) return { ok: true, value: true };
      return /^(false|no|0|off)$/i.test(text)
        ? { ok: true, value: false }
        : { ok: false, problem: 'is neither yes nor no' };
    case 'date':
      return dateOf(text, format ?? 'yyyy-mm-dd');
    case 'instant':
      return instantOf(text, format);
    default:
      throw new Error(`Unknown conversion ${String(as satisfies never)}`);
  }
}

const NUMBER = /^-?\d{1,15}(\.\d{1,6})?$/;

/** `1450`, `1450.5` or `1,450.00` in the currency's unit, in the smallest unit; never by a floating point product. */
function cents(text: string): ValueResult {
  const match = /^(\d{1,3}(?:,\d{3})+|\d{1,10})(?:\.(\d{1,2}))?$/.exec(text);
  if (match === null) return { ok: false, problem: 'is not an amount such as 1450.00' };
  const whole = Number((match[1] ?? '').replaceAll(',', ''));
  return { ok: true, value: whole * 100 + Number((match[2] ?? '').padEnd(2, '0')) };
}

function listOf(found: unknown): ValueResult {
  const items = Array.isArray(found) ? found : String(found).split(/[,;|]/);
  if (items.length > 100) return { ok: false, problem: 'has more than 100 items' };
  if (items.some((item) => typeof item === 'object')) return { ok: false, problem: 'is not a list of words' };
  const words = items.map((item) => String(item).trim()).filter((item) => item !== '');
  return { ok: true, value: words };
}

const PATTERNS: Readonly<Record<'yyyy-mm-dd' | 'dd/mm/yyyy' | 'mm/dd/yyyy' | 'dd.mm.yyyy', RegExp>> = {
  'yyyy-mm-dd': /^(?<y>\d{4})-(?<m>\d{2})-(?<d>\d{2})(?:[T ].*)?$/,
  'dd/mm/yyyy': /^(?<d>\d{1,2})\/(?<m>\d{1,2})\/(?<y>\d{4})$/,
  'mm/dd/yyyy': /^(?<m>\d{1,2})\/(?<d>\d{1,2})\/(?<y>\d{4})$/,
  'dd.mm.yyyy': /^(?<d>\d{1,2})\.(?<m>\d{1,2})\.(?<y>\d{4})$/,
};

/** A civil date. A time behind it is cut off, not converted: whose zone it would be in, nobody says. */
function dateOf(text: string, format: (typeof DATE_FORMATS)[number]): ValueResult {
  if (format === 'unix' || format === 'unix_ms') {
    const instant = instantOf(text, format);
    return instant.ok ? { ok: true, value: String(instant.value).slice(0, 10) } : instant;
  }
  const { y = '', m = '', d = '' } = PATTERNS[format].exec(text)?.groups ?? {};
  const date = `${y}-${m.padStart(2, '0')}-${d.padStart(2, '0')}`;
  const parsed = new Date(`${date}T00:00:00Z`);
  const isReal = !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date);
  return isReal ? { ok: true, value: date } : { ok: false, problem: `is not a date of the form ${format}` };
}

function instantOf(text: string, format: (typeof DATE_FORMATS)[number] | null): ValueResult {
  const isUnix = format === 'unix' || format === 'unix_ms';
  if (isUnix && !/^\d{1,14}$/.test(text)) return { ok: false, problem: 'is not a number of seconds since 1970' };
  if (!isUnix && !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/.test(text)) {
    return { ok: false, problem: 'is not an instant of the form 2027-06-12T15:00:00Z' };
  }
  const date = new Date(isUnix ? Number(text) * (format === 'unix' ? 1_000 : 1) : text);
  return Number.isNaN(date.getTime())
    ? { ok: false, problem: 'is not an instant that exists' }
    : { ok: true, value: date.toISOString() };
}

function prefixed(result: ValueResult, path: string): ValueResult {
  return result.ok ? result : { ok: false, problem: `${path} ${result.problem}` };
}
