import { Liquid } from 'liquidjs';

/** `html` escapes what it puts out; `text` (messages, subjects) does not. */
export type LiquidMode = 'html' | 'text';

// What a template may do. Everything else the library offers is taken away: reading other templates, switching the
// escaping off, and whatever only makes long texts out of short ones.
const TAGS = ['if', 'unless', 'case', 'for', 'break', 'continue', 'assign', 'capture', 'comment', '#', 'raw', 'render'];
const FILTERS = [
  'append',
  'capitalize',
  'ceil',
  'concat',
  'date',
  'default',
  'divided_by',
  'downcase',
  'escape',
  'escape_once',
  'first',
  'floor',
  'join',
  'last',
  'lstrip',
  'map',
  'minus',
  'modulo',
  'newline_to_br',
  'plus',
  'prepend',
  'remove',
  'remove_first',
  'replace',
  'replace_first',
  'round',
  'rstrip',
  'size',
  'slice',
  'split',
  'strip',
  'strip_newlines',
  'times',
  'truncate',
  'truncatewords',
  'upcase',
  'url_encode',
];

/**
 * Limits of one template, of which the library keeps those it can; the renderer's thread keeps the rest. The time is the
 * clock's and so generous: a machine that is busy with other things must not make a good template fail.
 */
export const TEMPLATE_LIMITS = { sourceChars: 200_000, renderMs: 2_000, memory: 5_000_000, outputChars: 1_000_000 };

/**
 * A Liquid engine for templates written by suppliers. It reads no file, sees no prototype, asks no clock's zone.
 *
 * @param locale for the names of days and months, BCP 47
 * @param partials what `render` may name: header, footer, signature
 */
export function createLiquidEngine(
  mode: LiquidMode,
  locale = 'en-GB',
  partials: Readonly<Record<string, string>> = {},
): Liquid {
  const engine = new Liquid({
    strictVariables: true,
    strictFilters: true,
    // `default` as the first filter, and a bare `if`, may meet a variable without a value.
    lenientIf: true,
    ownPropertyOnly: true,
    // All missing variables are named at once, not the first alone.
    catchAllErrors: true,
    // An in-memory map: without it the library would look into the working directory.
    templates: partials,
    relativeReference: false,
    // Civil dates are read as midnight UTC; with any other offset a zone west of Greenwich would show the day before.
    timezoneOffset: 0,
    locale,
    parseLimit: TEMPLATE_LIMITS.sourceChars,
    renderLimit: TEMPLATE_LIMITS.renderMs,
    memoryLimit: TEMPLATE_LIMITS.memory,
    ...(mode === 'html' ? { outputEscape: 'escape' as const } : {}),
  });
  for (const name of Object.keys(engine.tags)) if (!TAGS.includes(name)) delete engine.tags[name];
  for (const name of Object.keys(engine.filters)) if (!FILTERS.includes(name)) delete engine.filters[name];
  if (mode === 'html') {
    // The output is escaped anyway; an author's own `escape` would do it twice.
    engine.filters['escape'] = (value: unknown) => value;
    engine.filters['escape_once'] = (value: unknown) => value;
    // The only line breaks that survive the escaping have to be made after it.
    delete engine.filters['newline_to_br'];
  }
  return engine;
}
