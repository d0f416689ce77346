// Definitions that somebody sends to break or to block us. The tests check that each is refused, the bench how fast.
import { condition, email, journey } from './written.ts';

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

/** By name; each is built when it is needed. */
export const HOSTILE_DEFINITIONS: readonly (readonly [string, () => unknown])[] = [
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
