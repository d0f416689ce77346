// Reads the details of a script's row, whose values can be anything.
export type Details = Readonly<Record<string, unknown>>;

/** The first of `keys` that holds a text. */
export function textOf(details: Details, ...keys: string[]): string | null {
  const found = keys.map((key) => details[key]).find((value) => typeof value === 'string' && value !== '');
  return typeof found === 'string' ? found : null;
}

/** A list of texts, or one text as a list of one; undefined where there is none. */
export function textsOf(details: Details, ...keys: string[]): string[] | undefined {
  const value = keys.map((key) => details[key]).find((one) => one !== undefined);
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : undefined;
}

export function numberOf(details: Details, key: string, otherwise: number): number {
  const value = details[key];
  return typeof value === 'number' ? value : otherwise;
}

export function recordOf(details: Details, key: string): Record<string, unknown> | undefined {
  const value = details[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
