// Facts and ledgers that somebody sends to break or to block us. The tests check that each is refused, the bench how fast.
import { facts } from './written.ts';

const many = <T>(count: number, one: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => one(index));
const named = (count: number, name: string): Record<string, unknown> =>
  Object.fromEntries(many(count, (index) => [`${name}${index}`, 1]));

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = { a: value };
  return value;
}

const bait = `${'a'.repeat(50_000)}!`;
const polluted: unknown = JSON.parse('{ "__proto__": { "status": "booked" } }');

/** By name; each is built when it is needed. */
export const HOSTILE_FACTS: readonly (readonly [string, () => unknown])[] = [
  ['ten thousand events', () => facts({ events: many(10_000, () => ({ name: 'x', at: '2026-11-20T10:00:00Z' })) })],
  ['ten thousand misspelt events', () => facts({ events: many(10_000, () => ({ nme: 'x' })) })],
  ['forty thousand names that are nearly known', () => facts(named(40_000, 'organizatin'))],
  ['forty thousand days that are none', () => facts({ sentOn: named(40_000, 'day') })],
  [
    'a hundred zones that are none',
    () => facts({ contacts: many(100, (id) => ({ id, role: 'x', zone: `Mars/${id}` })) }),
  ],
  ['custom fields a hundred thousand levels deep', () => facts({ client: { custom: nested(100_000) } })],
  ['__proto__ among the custom fields', () => facts({ client: { custom: polluted } })],
  ['__proto__ among the core fields', () => facts({ core: polluted })],
  ['a tag of a megabyte', () => facts({ client: { tags: ['x'.repeat(1_000_000)] } })],
  ['bait for a zone', () => facts({ organization: { zone: bait } })],
  ['bait for a date', () => facts({ client: { weddingOn: bait } })],
  ['a megabyte instead of facts', () => 'x'.repeat(1_000_000)],
];

/** By name; each is built when it is needed. */
export const HOSTILE_LEDGERS: readonly (readonly [string, () => unknown])[] = [
  ['ten thousand rows', () => ({ steps: many(10_000, () => ({ key: 'a', state: 'done' })) })],
  ['five thousand misspelt rows', () => ({ steps: many(5_000, () => ({ ke: 'a', stat: 'done' })) })],
  ['a million occurrences', () => ({ steps: [{ key: 'a', occurrence: 1_000_000, state: 'done' }] })],
  [
    'a reason a hundred thousand levels deep',
    () => ({ steps: [{ key: 'a', state: 'done', reason: nested(100_000) }] }),
  ],
  ['__proto__ in a reason', () => ({ steps: [{ key: 'a', state: 'done', reason: polluted }] })],
  ['bait for an instant', () => ({ steps: [{ key: 'a', state: 'done', dueAt: bait }] })],
];
