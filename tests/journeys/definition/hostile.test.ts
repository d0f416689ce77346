import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDefinition } from '../../../journeys/definition.ts';
import { parseFacts, parseLedger } from '../../../journeys/facts.ts';
import { validateDefinition } from '../../../journeys/validate.ts';
import { condition, email, facts, journey } from './written.ts';

function nestedCondition(levels: number): unknown {
  let test: unknown = { field: 'client.tags', has: 'x' };
  for (let level = 0; level < levels; level++) test = { not: test };
  return test;
}

function nestedObject(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = { a: value };
  return value;
}

const bait = `${'a'.repeat(50_000)}!`;

const HOSTILE: readonly (readonly [string, () => unknown])[] = [
  ['ten thousand steps', () => journey(Array.from({ length: 10_000 }, (_, index) => email(`s${index}`)))],
  ['ten thousand wrong steps', () => journey(Array.from({ length: 10_000 }, () => ({ type: 'x', ifpast: 1 })))],
  [
    'two hundred steps with two hundred unknown keys each',
    () =>
      journey(
        Array.from({ length: 200 }, (_, s) => ({
          ...email(`s${s}`),
          ...Object.fromEntries(Array.from({ length: 200 }, (_, k) => [`ifpsat${k}`, 1])),
        })),
      ),
  ],
  [
    'ten thousand closing steps',
    () => journey([email('a')], { closing: Array.from({ length: 10_000 }, () => email('a')) }),
  ],
  ['a condition a hundred thousand levels deep', () => journey([condition('a', { test: nestedCondition(100_000) })])],
  ['a condition of eleven levels', () => journey([condition('a', { test: nestedCondition(11) })])],
  [
    'a payload a hundred thousand levels deep',
    () => journey([{ key: 'a', type: 'webhook', url: 'https://example.com', payload: nestedObject(100_000) }]),
  ],
  [
    'a wide tree of conditions',
    () => journey([condition('a', { test: { all: Array.from({ length: 50_000 }, () => nestedCondition(3)) } })]),
  ],
  ['a text of a megabyte', () => journey([email('a', { name: 'x'.repeat(1_000_000) })])],
  ['a key of a megabyte', () => ({ ...journey([email('a')]), ['x'.repeat(1_000_000)]: 1 })],
  [
    'a megabyte in small texts',
    () =>
      journey(
        Array.from({ length: 200 }, (_, index) => ({
          key: `s${index}`,
          type: 'task',
          title: 'x',
          notes: 'y'.repeat(19_000),
        })),
      ),
  ],
  [
    '__proto__ as a key',
    () =>
      JSON.parse('{ "schema": 1, "name": "x", "__proto__": { "steps": [] }, "starts": { "on": "api" }, "steps": [] }'),
  ],
  [
    '__proto__ in a match',
    () =>
      JSON.parse(
        '{ "schema": 1, "name": "x", "starts": { "on": "api", "match": { "__proto__": 1 } }, "steps": [{ "key": "a", "type": "delay" }] }',
      ),
  ],
  [
    'constructor as a custom field',
    () => journey([{ key: 'a', type: 'update_client', set: { custom: { constructor: 'x' } } }]),
  ],
  ['a number of digits for the key', () => journey([email('1'.repeat(50_000))])],
  ...(['key', 'template', 'to', 'stage', 'name'] as const).map(
    (key) => [`bait in ${key}`, () => journey([email('a', { [key]: bait })])] as const,
  ),
  ...(['anchor', 'zone', 'at', 'days'] as const).map(
    (key) => [`bait in when.${key}`, () => journey([email('a', { when: { [key]: bait } })])] as const,
  ),
  ['bait in a field', () => journey([condition('a', { test: { field: `core.${'a.'.repeat(9_000)}!`, is: 1 } })])],
  ['bait in an anchor', () => journey([email('a', { when: { anchor: `event:${'a.'.repeat(9_000)}!` } })])],
  ['bait in a url', () => journey([{ key: 'a', type: 'webhook', url: `https://${'a@'.repeat(9_000)}` }])],
];

describe('a hostile definition', () => {
  it.each(HOSTILE)('%s is refused within 100 ms, without an exception', (_, build) => {
    const input = build();
    const started = performance.now();
    const result = parseDefinition(input);
    const took = performance.now() - started;
    expect(result.ok).toBe(false);
    expect(
      result.ok ? [] : result.problems.map(({ message }) => message.length).filter((length) => length > 2_000),
    ).toEqual([]);
    expect(took).toBeLessThan(100);
  });

  it('is answered with at most fifty problems', () => {
    const result = parseDefinition(journey(Array.from({ length: 200 }, () => ({ type: 'x' }))));
    expect(result.ok ? 0 : result.problems.length).toBeLessThanOrEqual(50);
  });
});

describe('whatever comes in', () => {
  const junk = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSparseArray: true,
  });

  it('no definition throws', () => {
    fc.assert(
      fc.property(junk, (input) => void parseDefinition(input)),
      { numRuns: 300 },
    );
  });

  it('no facts and no ledger throw', () => {
    fc.assert(
      fc.property(junk, (input) => void [parseFacts(input), parseLedger(input)]),
      { numRuns: 300 },
    );
  });

  it('no definition throws that was right but for one place', () => {
    const good = journey(
      [
        email('a', { approval: { deadline: { days: 1 }, fallback: 'skip' }, repeat: { every: { days: 1 }, times: 2 } }),
        condition('b', {
          test: { all: [{ field: 'client.tags', has: 'x' }, { not: { field: 'wedding.date', isSet: true } }] },
        }),
        email('c', {
          in: { step: 'b', arm: 'no' },
          when: { anchor: 'step:a', days: ['mon'], ifPast: { within: { days: 1 } } },
        }),
      ],
      { stops: [{ on: 'client.cancelled' }], closing: [email('z', { when: { offset: { days: 1 } } })] },
    );
    const places = placesIn(good, []);
    fc.assert(
      fc.property(fc.constantFrom(...places), junk, (place, value) => {
        const result = parseDefinition(replaced(good, place, value));
        if (result.ok) validateDefinition(result.definition, {});
      }),
      { numRuns: 500 },
    );
  });

  it('no facts throw that were right but for one place', () => {
    const good = facts({
      payments: [{ id: 'p', kind: 'balance', dueOn: '2027-05-01' }],
      consents: [{ channel: 'email', purpose: 'marketing', state: 'granted' }],
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...placesIn(good, [])),
        junk,
        (place, value) => void parseFacts(replaced(good, place, value)),
      ),
      { numRuns: 500 },
    );
  });
});

function placesIn(value: unknown, path: readonly string[]): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((item, index) => (String(index) === key ? replaced(item, rest, by) : item));
  return Object.fromEntries(
    Object.entries(value as object).map(([name, inner]) => [name, name === key ? replaced(inner, rest, by) : inner]),
  );
}
